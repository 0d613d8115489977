"""Asking for mails about enrolments; the key says what the mail is for, so asking twice sends once.

`learning.mails` writes them. Each gets the key of its enrolment as `params["enrolment"]`, or of its team as
`params["team"]`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Lower

from core import clock
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from mail import pacing, undo
from mail.enums import Reason, State, Stream
from mail.models import Message
from mail.querysets import MessageQuerySet
from mail.services import enqueue_to
from mail.services.asking_many import Asked, enqueue_many
from mail.services.withdrawing import withdraw

# A seat and the way in, from a coordinator; the leaver's successor gets one too.
INVITATION = "team-invitation"
# A place on the waiting list.
WAITING = "enrolment-waiting"
# A seat from the waiting list: with the way in for those who have not joined, else with the way to the course.
PROMOTED = "enrolment-promoted"
# The enrolment has ended before its time.
WITHDRAWN = "enrolment-withdrawn"
# What a moderator decided on somebody's own application.
ADMITTED = "application-admitted"
DECLINED = "application-declined"
# The cohort does not take place.
CALLED_OFF = "enrolment-called-off"
# The cohort gives no more seats to those who wait.
NO_SEAT = "enrolment-no-seat"
# What all people of a cohort, or all who wait, are told at once.
TO_ALL = (CALLED_OFF, NO_SEAT)
# What ends a mail that was not worth sending while a cohort was called off; withdrawn is what calling off took back.
REFUSED = (Reason.SENSELESS, Reason.WITHDRAWN)
# A coordinator was approved, and whom they had written down is enrolled.
SENT = "team-sent"
# A coordinator's draft has held its seats for long enough.
LAPSED = "team-lapsed"
# What is asked for once more, should it have been refused while the cohort was called off.
AGAIN = (INVITATION, WAITING, PROMOTED, ADMITTED)

# So long after the undo window the sweep that gives held seats has been there, unless it is late.
TIME_TO_MOVE_UP = timedelta(minutes=1)

# Finds, beside a message, those about the same person that were asked for after it.
_LATER_TO_THE_SAME = {"pk__gt": OuterRef("pk"), "about": OuterRef("about"), "address": OuterRef("address")}

# Mails asked for with one statement.
PORTION = 200


def invite(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the invitations of people who got a seat at once."""
    _ask(INVITATION, cohort, enrolments)


def say_waiting(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails that tell the place on the waiting list."""
    _ask(WAITING, cohort, enrolments)


def say_promoted(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails of people who got a seat from the waiting list; many, from more seats at once, are news."""
    _ask_as_news(PROMOTED, _about(PROMOTED, cohort, enrolments))


def say_withdrawn(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails that tell people that they are not enrolled any more."""
    _ask(WITHDRAWN, cohort, enrolments)


def say_admitted(cohort: Cohort, enrolment: Enrolment) -> None:
    """Ask for the mail that tells somebody that their application was accepted."""
    _ask(ADMITTED, cohort, [enrolment])


def say_declined(cohort: Cohort, enrolment: Enrolment) -> None:
    """Ask for the mail that tells somebody that their application was declined."""
    _ask(DECLINED, cohort, [enrolment])


def say_no_seat(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails that tell people who waited, or whose application nobody decided on, that they have no seat."""
    _ask_as_news(NO_SEAT, _about(NO_SEAT, cohort, enrolments))


def say_sent(cohort: Cohort, team: TeamRequest) -> None:
    """Ask for the mail that tells a coordinator who is approved what has become of whom they had written down."""
    _tell_coordinator(SENT, cohort, team)


def say_lapsed(cohort: Cohort, team: TeamRequest) -> None:
    """Ask for the mail that tells a coordinator who still waits that their people are not enrolled."""
    _tell_coordinator(LAPSED, cohort, team)


def _tell_coordinator(kind: str, cohort: Cohort, team: TeamRequest) -> None:
    if team.coordinator is not None:
        key = f"{kind}:{team.pk}"
        enqueue_to(team.coordinator, key=key, kind=kind, params={"team": team.pk}, expires_at=cohort.ends_at)


def say_again(
    cohort: Cohort, *, since: datetime, moving_up: Collection[int] = (), reasons: Collection[Reason] = REFUSED
) -> None:
    """Ask once more for what the outbox refused to send while the cohort was called off or over, by a key of its own.

    It leaves when the undo window has passed. Who moves up then, by the keys of their enrolments, is told of a place
    later, should they have no seat by that time.
    """
    at, now = undo.leaves_at(), clock.now().isoformat()
    for kind, people in refused(cohort, since=since, reasons=reasons).items():
        asked = [_asked(cohort, one, key=f"{kind}:{one.uuid}:{now}", params={"enrolment": one.pk}) for one in people]
        if kind == WAITING:
            later = [one for one in asked if one.params["enrolment"] in moving_up]
            asked = [one for one in asked if one.params["enrolment"] not in moving_up]
            _ask_as_news(kind, later, at=at + TIME_TO_MOVE_UP)
        _ask_as_news(kind, asked, at=at)


def asked_again(cohort: Cohort) -> dict[str, list[Message]]:
    """Return by kind the mails that a cohort restored just now has asked for once more, and that have not left."""
    waiting = Message.objects.filter(state=State.QUEUED, kind__in=AGAIN, due_at__gt=clock.now()).order_by("pk")
    mails = [one for one in waiting.only("key", "kind", "params", "due_at") if one.params]
    wanted = {one.params["enrolment"] for one in mails}
    here = set(Enrolment.objects.filter(cohort=cohort, pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    return {kind: [one for one in mails if one.kind == kind and one.params["enrolment"] in here] for kind in AGAIN}


def take_back_again(cohort: Cohort) -> None:
    """Let nothing that was asked for once more leave: a cohort that is called off again may be restored again."""
    keys = [one.key for mails in asked_again(cohort).values() for one in mails]
    withdraw(keys=keys, because="The cohort is called off.", unless_repeated=True)


def take_back_calling_off(cohort: Cohort, *, since: datetime) -> None:
    """Let no mail leave any more that a cohort is cancelled which takes place after all."""
    here = Enrolment.objects.filter(cohort=cohort).values("pk")
    named = Message.objects.alias(about=Cast(KT("params__enrolment"), BigIntegerField())).filter(
        kind=CALLED_OFF, params__called_off=since.isoformat(), about__in=here
    )
    keys = list(named.unbegun().values_list("key", flat=True))
    withdraw(keys=keys, because="The cohort takes place after all.", unless_repeated=True)


def refused(cohort: Cohort, *, since: datetime, reasons: Collection[Reason] = REFUSED) -> dict[str, list[Enrolment]]:
    """Return by kind whom a mail still concerns that the outbox refused to send, the cohort being called off or over,
    and who has got no other since.
    """
    if cohort.is_over():
        return {}
    # Unknown is what had been handed over without an answer before it was refused.
    messages = _named().filter(
        ~Exists(_named().perhaps_read().filter(kind__in=AGAIN, **_LATER_TO_THE_SAME)),
        state__in=[State.CANCELLED, State.UNKNOWN],
        reason__in=reasons,
        finished_at__gte=since,
        kind__in=AGAIN,
    )
    # A mail whose addressee has been erased names nobody any more.
    named = (one for one in messages.only("kind", "params") if one.params)
    wanted = {(one.kind, one.params["enrolment"]) for one in named}
    rows = Enrolment.objects.filter(cohort=cohort, pk__in={pk for _kind, pk in wanted}).live().select_related("person")
    found = {one.pk: one for one in rows}
    return {
        kind: [found[pk] for name, pk in sorted(wanted) if name == kind and pk in found and _concerns(kind, found[pk])]
        for kind in AGAIN
    }


def _named() -> MessageQuerySet:
    """Return messages with whom they are about, and the address as it has an index."""
    return Message.objects.alias(about=KT("params__enrolment"), address=Lower("to_address"))


def _concerns(kind: str, enrolment: Enrolment) -> bool:
    """Whether a mail that was refused makes sense to somebody, should the cohort take place after all."""
    if kind == INVITATION:
        return enrolment.state == EnrolmentState.INVITED
    waits = enrolment.state == EnrolmentState.WAITLISTED
    if kind == WAITING:
        return waits
    return enrolment.has_seat or (kind == ADMITTED and waits)


def say_called_off(cohort: Cohort, enrolments: Iterable[Enrolment], *, since: datetime) -> None:
    """Ask for the mails that tell that a cohort does not take place; they leave when the undo window has passed.

    They name the moment of calling off: restored before they leave, they make no sense any more, even where the cohort
    is called off once more.
    """
    said = since.isoformat()
    asked = [
        _asked(cohort, one, key=f"{CALLED_OFF}:{one.uuid}:{said}", params={"enrolment": one.pk, "called_off": said})
        for one in enrolments
    ]
    _enqueue(CALLED_OFF, _spread(asked, since=undo.leaves_at(since=since)))


def expiries(messages: Sequence[Message]) -> dict[int, datetime]:
    """Return until when each mail makes sense: to the end of its cohort, as it stands now."""
    found: dict[int, datetime] = {}
    for name, rows in (("enrolment", Enrolment.objects.all()), ("team", TeamRequest.objects.all())):
        wanted = {message.pk: message.params[name] for message in messages if name in message.params}
        cohorts = {row.pk: row.cohort for row in rows.filter(pk__in=wanted.values()).select_related("cohort")}
        found |= {pk: cohorts[key].ends_at for pk, key in wanted.items() if key in cohorts}
    return found


def _ask(kind: str, cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    _enqueue(kind, _about(kind, cohort, enrolments))


def _about(kind: str, cohort: Cohort, enrolments: Iterable[Enrolment]) -> list[Asked]:
    return [_asked(cohort, one, key=f"{kind}:{one.uuid}", params={"enrolment": one.pk}) for one in enrolments]


def _asked(cohort: Cohort, enrolment: Enrolment, **more: Any) -> Asked:
    return Asked(
        to=address_of(enrolment),
        to_name=enrolment.name,
        language=enrolment.language,
        expires_at=cohort.ends_at,
        person_id=enrolment.person_id,
        **more,
    )


def address_of(enrolment: Enrolment) -> str:
    """Return where somebody is reached: at their account, once they have joined.

    The address they were invited at may be somebody else's by now.
    """
    return enrolment.person.email if enrolment.person is not None else enrolment.email


def _ask_as_news(kind: str, asked: list[Asked], *, at: datetime | None = None) -> None:
    """Ask for what one act may tell many: a few leave at once, or at that moment, more a few each second, after any
    mail to one.
    """
    is_news = pacing.is_news(len(asked))
    if is_news:
        asked = _spread(asked, since=at or clock.now())
    elif at is not None:
        asked = [replace(one, due_at=at) for one in asked]
    _enqueue(kind, asked, gives_way=is_news)


def _spread(asked: list[Asked], *, since: datetime) -> list[Asked]:
    """Let a few fall due each second, from a moment on."""
    return [replace(one, due_at=pacing.due_at(place, since=since)) for place, one in enumerate(asked)]


def _enqueue(kind: str, asked: list[Asked], *, gives_way: bool = False) -> None:
    for start in range(0, len(asked), PORTION):
        portion = asked[start : start + PORTION]
        enqueue_many(kind=kind, asked=portion, stream=Stream.TRANSACTIONAL, gives_way=gives_way)
