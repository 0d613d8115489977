"""The parts of a rehearsal of what a cohort tells many: one for each mail, under a heading of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
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
# The same of those that leave at a moment which the cohort names: nothing was just saved that a window could end.
BY_PLAN = {
    notices.PROMOTED: _("Seats for those who wait, by what is planned"),
    notices.NO_SEAT: _("No seat for those who wait, by what is planned"),
    UNDECIDED: _("Declined applications, by what is planned"),
}


def parts_of(cohort: Cohort, found: ToBeTold) -> list[Part]:
    """Return a part for each mail that somebody gets."""
    return list(_parts(cohort, found))


def planned_parts(cohort: Cohort, found: ToBeTold) -> list[Part]:
    """Return a part for each mail that leaves by what a cohort says, at a moment that lies ahead."""
    seats = [_part(cohort, notices.PROMOTED, found.seated, found.seated_at, headings=BY_PLAN)] if found.seated else []
    return [*seats, *no_seat_parts(cohort, found.unseated, found.unseated_at, BY_PLAN)]


def no_seat_parts(
    cohort: Cohort, people: list[Enrolment], at: datetime, headings: Mapping[str, Any] = HEADINGS
) -> list[Part]:
    """Return the parts of those who are told that they have no seat: who waited, and who applied.

    The samples show the days that `cohort` says, saved or not.
    """
    waited = [one for one in people if one.waiting_number is not None]
    applied = [one for one in people if one.waiting_number is None]
    found = ((notices.NO_SEAT, waited), (UNDECIDED, applied))
    return [_part(cohort, mail, who, at, headings=headings) for mail, who in found if who]


def _parts(cohort: Cohort, found: ToBeTold) -> Iterator[Part]:
    # A seat from the list that could not be told of meanwhile reads like one that is given now.
    for people, at in ((found.seated, found.seated_at), (found.later.get(notices.PROMOTED, []), found.later_at)):
        if people:
            yield _part(cohort, notices.PROMOTED, people, at)
    for mail in (notices.INVITATION, notices.WAITING, notices.ADMITTED):
        if people := found.later.get(mail, []):
            yield _part(cohort, mail, people, found.later_at, found.dropped)
    if found.coordinators:
        told = {**found.later, notices.PROMOTED: [*found.later.get(notices.PROMOTED, []), *found.seated]}
        coordinators = Coordinators(cohort, found.coordinators, told, found.later_at)
        yield Part(coordinators, found.later_at, _samples(cohort, TEAM), HEADINGS[TEAM])
    yield from no_seat_parts(cohort, found.unseated, found.unseated_at)


def _part(
    cohort: Cohort,
    mail: str,
    people: list[Enrolment],
    at: datetime,
    ended: Sequence[Enrolment] = (),
    headings: Mapping[str, Any] = HEADINGS,
) -> Part:
    return Part(Told(cohort, mail, people, ended), at, _samples(cohort, mail), headings[mail])


def _samples(cohort: Cohort, mail: str) -> Callable[[str], str]:
    # A form that asks before it saves has other days than the record has.
    days = urlencode({name: getattr(cohort, name) for name in DAYS})
    return lambda language: f"{reverse('cohorts:news_sample', args=[cohort.pk, mail, language])}?{days}"
