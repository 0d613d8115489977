"""Which of a course's cohorts fit the reader: those that can be joined first, and of these those in their language."""

from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest

from accounts.models import User
from learning import cohort_words
from learning.models.cohort import Cohort
from learning.models.enrolment import Enrolment
from learning.models.records import Course
from municipalities.models import Membership


def cards(course: Course | None, request: HttpRequest) -> list[cohort_words.CohortCard]:
    """Return the course's cohorts to come or running, the best for the reader first; two statements.

    Whoever is signed in has the language of their account as well; a coordinator is told where their city holds all
    the seats that it may have, by two statements more. Everybody without a session is shown the same.
    """
    if course is None:
        return []
    found = list(Cohort.objects.listed().of_course(course).select_related("course"))
    shown = _as_met(cohort_words.cards(found), found, request)
    return sorted(shown, key=lambda card: (not card.can_be_joined, card.share_words != "", not card.is_in_language))


def cards_for_everybody(cohorts: Iterable[Cohort], request: HttpRequest) -> list[cohort_words.CohortCard]:
    """Return a card in order for each cohort that anybody may read of, told to the reader as `cards` does."""
    found = list(cohorts)
    return _as_met(cohort_words.cards(found, for_everybody=True), found, request)


def _as_met(
    shown: list[cohort_words.CohortCard], cohorts: list[Cohort], request: HttpRequest
) -> list[cohort_words.CohortCard]:
    """Return the cards of these cohorts with what concerns whoever is signed in alone."""
    if (reader := _reader(request)) is None:
        return shown
    spent = spent_shares(reader, cohorts)
    of_card = {one.slug: one for one in cohorts}
    return [
        replace(
            card,
            is_in_language=card.is_in_language or reader.language in of_card[card.slug].languages,
            share_words=spent.get(of_card[card.slug].pk, ""),
        )
        for card in shown
    ]


def cards_for_city(cohorts: list[Cohort], coordinator: User, city: int) -> list[cohort_words.CohortCard]:
    """Return a card for each cohort in order, as somebody meets them who enrols people of a city; three statements."""
    spent = spent_shares(coordinator, cohorts, city=city)
    shown = cohort_words.cards(cohorts)
    return [replace(card, share_words=spent.get(one.pk, "")) for card, one in zip(shown, cohorts, strict=True)]


def _reader(request: HttpRequest) -> User | None:
    """Return who is signed in; asking a visitor without a session would open one, and the page be kept for nobody."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if isinstance(request.user, User) else None


def spent_shares(reader: User, cohorts: Iterable[Cohort], *, city: int | None = None) -> dict[int, str]:
    """Return what the reader is told, by cohort, where every city that they coordinate holds all that it may have.

    Of their cities only `city` counts if it is given. Two statements, none where no cohort that is open has a share.
    """
    shares = {one.pk: one.seats_per_local_government for one in cohorts if cohort_words.is_open(one)}
    shares = {key: share for key, share in shares.items() if share is not None}
    if not shares:
        return {}
    own = Membership.objects.of_person(reader).coordinators().current()
    if city is not None:
        own = own.filter(local_government=city)
    cities = set(own.values_list("local_government", flat=True))
    if not cities:
        return {}
    rows = Enrolment.objects.filter(cohort__in=shares, local_government__in=cities, has_seat=True)
    counts = rows.order_by().values_list("cohort", "local_government").annotate(held=Count("pk"))
    held = {(cohort, city): number for cohort, city, number in counts}
    words = cohort_words.of_spent_share(len(cities))
    return {key: words for key, share in shares.items() if all(held.get((key, one), 0) >= share for one in cities)}
