"""The parts of a rehearsal of what a cohort tells many: one for each mail, under a heading of its own."""

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from learning.audiences import Coordinators, Told
from learning.cohort_form import DAYS
from learning.models import Cohort, Enrolment
from learning.samples import TEAM, UNDECIDED
from learning.services import notices
from learning.services.foreseeing import ToBeTold
from mail.admin.dry_run import Part

HEADINGS = {
    notices.PROMOTED: _("Seats for those who wait"),
    notices.INVITATION: _("Invitations"),
    notices.WAITING: _("Places on the waiting list"),
    notices.ADMITTED: _("Accepted applications"),
    notices.NO_SEAT: _("No seat for those who wait"),
    UNDECIDED: _("Declined applications"),
    TEAM: _("To the coordinators of these teams"),
}


def parts_of(cohort: Cohort, found: ToBeTold) -> list[Part]:
    """Return a part for each mail that somebody gets."""
    return list(_parts(cohort, found))


def no_seat_parts(cohort: Cohort, people: list[Enrolment], at: datetime) -> list[Part]:
    """Return the parts of those who are told that they have no seat: who waited, and who applied.

    The samples show the days that `cohort` says, saved or not.
    """
    waited = [one for one in people if one.waiting_number is not None]
    applied = [one for one in people if one.waiting_number is None]
    found = ((notices.NO_SEAT, waited), (UNDECIDED, applied))
    return [_part(cohort, mail, who, at) for mail, who in found if who]


def _parts(cohort: Cohort, found: ToBeTold) -> Iterator[Part]:
    # A seat from the list that could not be told of meanwhile reads like one that is given now.
    for people, at in ((found.seated, found.seated_at), (found.later.get(notices.PROMOTED, []), found.later_at)):
        if people:
            yield _part(cohort, notices.PROMOTED, people, at)
    for mail in (notices.INVITATION, notices.WAITING, notices.ADMITTED):
        if people := found.later.get(mail, []):
            yield _part(cohort, mail, people, found.later_at)
    if found.coordinators:
        coordinators = Coordinators(cohort, found.coordinators, found.later)
        yield Part(coordinators, found.later_at, _samples(cohort, TEAM), HEADINGS[TEAM])
    yield from no_seat_parts(cohort, found.unseated, found.unseated_at)


def _part(cohort: Cohort, mail: str, people: list[Enrolment], at: datetime) -> Part:
    return Part(Told(cohort, mail, people), at, _samples(cohort, mail), HEADINGS[mail])


def _samples(cohort: Cohort, mail: str) -> Callable[[str], str]:
    # A form that asks before it saves has other days than the record has.
    days = urlencode({name: getattr(cohort, name) for name in DAYS})
    return lambda language: f"{reverse('cohorts:news_sample', args=[cohort.pk, mail, language])}?{days}"
