"""Who knows that a cohort does not take place, so that nobody is told twice of what staff undo and do again."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models.functions import Lower

from core import clock
from learning.models import Cohort, Enrolment
from learning.querysets_enrolments import EnrolmentQuerySet
from learning.services import notices
from mail import undo
from mail.addresses import as_kept
from mail.enums import MAY_HAVE_ARRIVED, State
from mail.models import Message


def to_be_told(cohort: Cohort) -> EnrolmentQuerySet:
    """Return whom calling a cohort off now tells: one for each address that has heard of an enrolment.

    Called off again before the undo window of its restoration has passed, it tells nobody anew who knows already.
    """
    return _everybody(cohort).exclude(pk__in=_knowing(cohort) if is_just_restored(cohort) else [])


def who_know(cohort: Cohort) -> EnrolmentQuerySet:
    """Return those whose last word is that a cohort does not take place, one for each address."""
    return _everybody(cohort).filter(pk__in=_knowing(cohort))


def is_just_restored(cohort: Cohort) -> bool:
    """Whether it was restored so short a time ago that nobody is taken to know that it takes place after all."""
    return cohort.restored_at is not None and clock.now() < undo.leaves_at(since=cohort.restored_at)


def _everybody(cohort: Cohort) -> EnrolmentQuerySet:
    once = Enrolment.objects.filter(cohort=cohort).told().once_each()
    return Enrolment.objects.filter(pk__in=once.values("pk")).order_by("email_key", "pk")


def _knowing(cohort: Cohort) -> list[int]:
    """Return the keys of those to whom the last mail that calls it off may have arrived, and who have not learned since
    the restoration that it takes place after all: by a mail, or by joining. Two statements.

    Who was meant to be told of a later calling off, which was taken back, knew of none by then.
    """
    found = Enrolment.objects.filter(cohort=cohort).live().select_related("person")
    people = {one.pk: one for one in found}
    last: dict[int, tuple[datetime, bool]] = {}
    otherwise = {one.pk for one in people.values() if _is_since(one.joined_at, cohort.restored_at)}
    for mail in _mails(people.values()):
        about = mail.params["enrolment"]
        if mail.kind == notices.CALLED_OFF:
            may_have_arrived = mail.state in MAY_HAVE_ARRIVED or mail.repeats > 0
            said = datetime.fromisoformat(mail.params["called_off"]), may_have_arrived
            last[about] = max(said, last.get(about, said))
        elif mail.state == State.LEASED or _is_since(mail.started_at, cohort.restored_at):
            otherwise.add(about)
    return [pk for pk, (_moment, may_have_arrived) in last.items() if may_have_arrived and pk not in otherwise]


def _mails(people: Iterable[Enrolment]) -> Iterable[Message]:
    """Return the mails about these that call it off, or that only what takes place sends; found by their addresses."""
    enrolments = list(people)
    addresses = {as_kept(notices.address_of(one)).lower() for one in enrolments}
    return (
        Message.objects.alias(address=Lower("to_address"))
        .filter(
            address__in=addresses,
            kind__in=[notices.CALLED_OFF, *notices.AGAIN],
            params__enrolment__in=[one.pk for one in enrolments],
        )
        .only("kind", "params", "state", "repeats", "started_at")
    )


def _is_since(moment: datetime | None, since: datetime | None) -> bool:
    return moment is not None and since is not None and moment >= since
