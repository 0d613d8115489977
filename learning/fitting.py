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
    shown = cohort_words.cards(found)
    if (reader := _reader(request)) is not None:
        spent = _with_spent_share(reader, found)
        shown = [
            replace(
                card,
                is_in_language=card.is_in_language or reader.language in cohort.languages,
                is_share_spent=cohort.pk in spent,
            )
            for card, cohort in zip(shown, found, strict=True)
        ]
    return sorted(shown, key=lambda card: (not card.can_be_joined, card.is_share_spent, not card.is_in_language))


def _reader(request: HttpRequest) -> User | None:
    """Return who is signed in; asking a visitor without a session would open one, and the page be kept for nobody."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if isinstance(request.user, User) else None


def _with_spent_share(reader: User, cohorts: Iterable[Cohort]) -> set[int]:
    """Return the keys of the cohorts in which every city that the reader coordinates holds all that it may have."""
    shares = {one.pk: one.seats_per_local_government for one in cohorts if cohort_words.is_open(one)}
    shares = {key: share for key, share in shares.items() if share is not None}
    if not shares:
        return set()
    own = Membership.objects.of_person(reader).coordinators().current()
    cities = set(own.values_list("local_government", flat=True))
    if not cities:
        return set()
    rows = Enrolment.objects.filter(cohort__in=shares, local_government__in=cities, has_seat=True)
    counts = rows.order_by().values_list("cohort", "local_government").annotate(held=Count("pk"))
    held = {(cohort, city): number for cohort, city, number in counts}
    return {key for key, share in shares.items() if all(held.get((key, city), 0) >= share for city in cities)}
