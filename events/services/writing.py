"""Writing to those who are registered for an event: kept first, rehearsed, then sent once as one mailing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from events import moments
from events.enums import ReminderAudience
from events.errors import EventOverForMessages, MessageGone, NotKnownYet
from events.models import Event, Registration, StaffMessage
from events.services import seats
from mail import undo
from mail.models import Mailing, Message
from mail.services.asking_many import Asked
from mail.services.mailings import freeze, take_back

if TYPE_CHECKING:
    from accounts.models import User

KIND = "event-message"


@transaction.atomic
def write_message(
    *,
    event_id: int,
    audience: str,
    words: Mapping[str, Mapping[str, str]],
    by: "User | None" = None,
    instead_of: int | None = None,
) -> StaffMessage:
    """Keep a message to those registered; nobody gets it before `send_message`.

    `instead_of` is the one whose words it begins with: nobody shall send a draft that was corrected, so it goes, while
    what has been sent stays as it is.
    Raises NotKnownYet for those who were, or were not, at an event that has not ended.
    """
    event = Event.objects.get(pk=event_id)
    if ReminderAudience(audience).is_of_the_past and not event.is_over:
        raise NotKnownYet
    if instead_of is not None:
        for draft in StaffMessage.objects.select_for_update(of=("self",)).filter(pk=instead_of, mailing=None):
            draft.delete()
    return StaffMessage.objects.create(event_id=event_id, audience=ReminderAudience(audience), words={**words}, by=by)


@transaction.atomic
def send_message(*, message_id: int, by: "User | None" = None) -> Mailing:
    """Freeze who gets a message and let it leave once the undo window has passed; sending twice sends once.

    Raises EventOverForMessages for an event that has been called off or is long over: nothing would leave.
    """
    event_id = StaffMessage.objects.values_list("event_id", flat=True).get(pk=message_id)
    event = seats.lock(event_id)
    message = StaffMessage.objects.select_for_update(of=("self",)).select_related("mailing").get(pk=message_id)
    if message.mailing is not None:
        return message.mailing
    leaves_at = undo.leaves_at()
    expires_at = _until(event, leaves_at)
    if event.is_cancelled or leaves_at >= event.ends_at + moments.AFTERWARDS:
        raise EventOverForMessages
    message.mailing = freeze(
        kind=KIND,
        title=event.title,
        asked=_asked(message, event, leaves_at, expires_at),
        leaves_at=leaves_at,
        by=by,
    )
    message.save(update_fields=["mailing"])
    return message.mailing


@transaction.atomic
def take_back_message(*, message_id: int) -> Mailing:
    """Withdraw every copy that has not begun to leave; raises MessageGone where none was sent."""
    message = StaffMessage.objects.get(pk=message_id)
    if message.mailing_id is None:
        raise MessageGone
    return take_back(mailing_id=message.mailing_id)


def expiries(messages: Sequence[Message]) -> dict[int, datetime]:
    """Return until when each copy makes sense by the event's present date."""
    wanted = {message.pk: message.params.get("message") for message in messages}
    found = StaffMessage.objects.filter(pk__in=wanted.values()).select_related("event", "mailing")
    until = {one.pk: _until(one.event, one.mailing.leaves_at) for one in found if one.mailing is not None}
    return {pk: until[said] for pk, said in wanted.items() if said in until}


def key(message: StaffMessage, registration: Registration) -> str:
    """Return the key under which the outbox knows one person's copy."""
    return f"{KIND}:{message.uuid}:{registration.uuid}"


def _until(event: Event, leaves_at: datetime) -> datetime:
    return max(event.ends_at, leaves_at) + moments.AFTERWARDS


def _asked(message: StaffMessage, event: Event, leaves_at: datetime, expires_at: datetime) -> Iterator[Asked]:
    people = Registration.objects.filter(event=event).of_audience(message.audience).order_by("pk")
    # Who is being erased is waited for: neither the account nor the address may come back with a mail.
    people = people.select_for_update(of=("self",), no_key=True)
    for one in people.only("uuid", "email", "language", "person_id").iterator(chunk_size=500):
        yield Asked(
            key=key(message, one),
            to=one.email,
            language=one.language,
            params={"registration": one.pk, "message": message.pk},
            due_at=leaves_at,
            expires_at=expires_at,
            person_id=one.person_id,
        )
