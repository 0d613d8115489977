"""What staff read of what a cohort tells by its own seats, days and times, once the moment has come."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from core import dates
from learning import cohort_words
from learning.services.foreseeing import ToBeTold


def of_opening(found: ToBeTold) -> Iterator[str]:
    """Yield how many get a seat when enrolment opens, if anybody does."""
    if found.promoted:
        yield ngettext(
            "%(number)s person who waits will get a seat when enrolment opens, at %(moment)s, and be told.",
            "%(number)s people who wait will get a seat when enrolment opens, at %(moment)s, and be told.",
            found.promoted,
        ) % {"number": found.promoted, "moment": _moment(found.seated_at)}


def of_ending(found: ToBeTold) -> Iterator[str]:
    """Yield how many are told when no more seats are given, if anybody is."""
    if found.in_vain:
        sentence = gettext(
            "The cohort gives seats until %(moment)s. Then a mail that they have no seat goes to %(people)s, if they "
            "still wait."
        )
        yield sentence % {"people": cohort_words.to_people(found.in_vain), "moment": _moment(found.unseated_at)}


def _moment(at: datetime) -> str:
    return dates.left_to_right(date_format(timezone.localtime(at), "Y-m-d H:i e"))
