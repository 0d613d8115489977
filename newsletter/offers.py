"""Cohorts that can be joined, as an issue shows them on the web and in a mail."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from core import dates
from learning import cohort_words
from learning.models import Cohort


@dataclass(frozen=True, slots=True)
class Offer:
    """A cohort as an issue shows it; `note` says when it begins and whether there is room, in words."""

    title: str
    url: str
    language: str
    note: str = ""


def open_cohorts(count: int, *, language: str) -> list[Offer]:
    """Return at most `count` cohorts that can be joined, the next to begin first; two statements."""
    cohorts = Cohort.objects.open_for_enrolment().public().select_related("course")[:count]
    with translation.override(language):
        return [
            Offer(
                title=f"{card.course_title}{_(', ')}{card.name}",
                url=card.url,
                language=card.course_language,
                note=_(", ").join([dates.day_range(card.starts_on, card.ends_on), card.seat_words]),
            )
            for card in cohort_words.cards(cohorts, for_everybody=True)
        ]
