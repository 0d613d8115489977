"""Asking for mails about one registration; the key says what the mail is for, so asking twice sends once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from core import clock
from events.models import Event, EventVersion, Registration
from mail import enums
from mail.enums import State, Stream
from mail.models import Message
from mail.services import enqueue, recall, withdraw

CONFIRMATION = "event-confirmation"
WAITING = "event-waiting"
PROMOTED = "event-promoted"
CANCELLED = "event-cancelled"
KNOWN = "event-known"
LINKS = "event-links"
# What says of a registration which seat, place or links it has.
STANDING = (CONFIRMATION, WAITING, PROMOTED, KNOWN, LINKS)
ERASE = "erasure-question"
MOVED = "event-moved"
CALLED_OFF = "event-called-off"
RESTORED = "event-restored"
# What all who are registered are told at once.
TO_ALL = (MOVED, CALLED_OFF, RESTORED)


def confirm(event: Event, registration: Registration) -> None:
    """Ask for the invitation of somebody who got a seat at once."""
    _ask(CONFIRMATION, event, registration, f"{CONFIRMATION}:{registration.uuid}")


def say_waiting(event: Event, registration: Registration) -> None:
    """Ask for the mail that tells the place on the waiting list."""
    _ask(WAITING, event, registration, f"{WAITING}:{registration.uuid}")


def say_promoted(event: Event, registration: Registration, *, since: int, in_turn_at: datetime | None = None) -> None:
    """Ask for the invitation of somebody who got a seat from the waiting list and knew last of revision `since`.

    It leaves at once; one of many leaves in its turn, and lets mail to one go first.
    """
    key = f"{PROMOTED}:{registration.uuid}:{registration.waiting_number}"
    _ask(PROMOTED, event, registration, key, due_at=in_turn_at, gives_way=in_turn_at is not None, since=since)


def say_cancelled(event: Event, registration: Registration) -> None:
    """Ask for the mail that takes the registration off the person's calendar."""
    _ask(CANCELLED, event, registration, f"{CANCELLED}:{registration.uuid}:{registration.revision}")


def say_known(event: Event, registration: Registration) -> None:
    """Ask for the mail that says what this address already has; at most one an hour, so that nobody is bombed."""
    _ask(KNOWN, event, registration, f"{KNOWN}:{registration.uuid}:{clock.now():%Y%m%d%H}")


def say_links(event: Event, registration: Registration) -> None:
    """Ask for the mail with the links that alone work from now on."""
    version = registration.token_version
    _ask(LINKS, event, registration, f"{LINKS}:{registration.uuid}:{version}", version=version)


def ask_whether_to_erase(registration: Registration) -> None:
    """Ask for the mail with the link that erases; at most one an hour, and none that is older than its link.

    Who has got new links meanwhile can ask anew at once: the one in the earlier mail is void.
    """
    now = clock.now()
    enqueue(
        key=f"{ERASE}:{registration.uuid}:{registration.token_version}:{now:%Y%m%d%H}",
        kind=ERASE,
        to=registration.email,
        language=registration.language,
        params={"registration": registration.pk},
        expires_at=now + settings.ERASURE_LINK_LASTS,
        person=registration.person,
    )


def say_changed(
    kind: str, event: Event, registration: Registration, *, since: int, before: int, due_at: datetime
) -> None:
    """Ask for the mail that says what has changed since revision `since`, of which the person knew last.

    `before` is the one whose date and time they know: another, where the event was moved while it was called off.
    """
    _ask(
        kind,
        event,
        registration,
        change_key(kind, registration.uuid, event.revision),
        due_at=due_at,
        since=since,
        before=before,
        revision=event.revision,
    )


def say_anew(refused: Message, event: Event, registration: Registration, *, due_at: datetime, **ids: int) -> None:
    """Ask once more, under the event's present revision, for a mail that the outbox refused; `ids` are new ones.

    Like the news in whose place it comes, it lets mail to one go first.
    """
    params = {name: value for name, value in refused.params.items() if name != "registration"}
    key = _key_anew(refused.kind, registration.uuid, event.revision)
    _ask(refused.kind, event, registration, key, due_at=due_at, gives_way=True, **(params | ids))


def withdraw_standing(registration: Registration) -> int:
    """Take back what says of a registration that has ended which seat, place or links it has; return how many.

    What has begun to leave stays sent. Otherwise one that a server put off would read for hours as if it were to come,
    and one that a worker has written already would leave after the word that the registration is cancelled.
    """
    return withdraw(keys=_unbegun([registration]).filter(kind__in=STANDING).values_list("key", flat=True))


def write_anew(registrations: Iterable[Registration]) -> int:
    """Have what has not begun to leave written by how these registrations stand after this transaction."""
    return recall(_unbegun(registrations))


def _unbegun(registrations: Iterable[Registration]) -> QuerySet[Message]:
    # By whom it is about, among the few that wait or are in hand: copies that staff sent again have keys of their own.
    # What waits of a mail-out is left alone, since there are so many; the worker that takes it writes it anew anyway.
    few = Message.objects.filter(Q(state__in=enums.WAITING, stream=Stream.TRANSACTIONAL) | Q(state=State.LEASED))
    return few.filter(params__registration__in=[one.pk for one in registrations])


def expiries(messages: Sequence[Message]) -> dict[int, datetime]:
    """Return until when each mail about a registration makes sense: to the end of the event, as the person was told.

    That somebody's own registration is cancelled is worth knowing until the end that is published, if that is later.
    """
    wanted = {message.pk: message.params.get("registration") for message in messages}
    told = EventVersion.objects.filter(event=OuterRef("event"), revision=OuterRef("told_revision"))
    ends_at = Coalesce(Subquery(told.values("ends_at")), "event__ends_at")
    rows = Registration.objects.filter(pk__in=wanted.values()).values_list("pk", ends_at, "event__ends_at")
    found = {pk: (as_told, max(as_told, as_published)) for pk, as_told, as_published in rows}
    return {one.pk: found[wanted[one.pk]][one.kind == CANCELLED] for one in messages if wanted[one.pk] in found}


def change_key(kind: str, identifier: UUID, revision: int) -> str:
    """Return the key under which one person is told of one revision."""
    return f"{kind}:{identifier}:{revision}"


def news_keys(identifier: UUID, revision: int) -> list[str]:
    """Return each key under which one person may be told of one revision, also in a mail about the seat they got."""
    return [*(change_key(kind, identifier, revision) for kind in TO_ALL), _key_anew(PROMOTED, identifier, revision)]


def _key_anew(kind: str, identifier: UUID, revision: int) -> str:
    return change_key(kind, identifier, revision) + ":anew"


def _ask(
    kind: str,
    event: Event,
    registration: Registration,
    key: str,
    *,
    due_at: datetime | None = None,
    gives_way: bool = False,
    **ids: int,
) -> None:
    enqueue(
        key=key,
        kind=kind,
        to=registration.email,
        language=registration.language,
        params={"registration": registration.pk, **ids},
        due_at=due_at,
        expires_at=event.ends_at,
        person=registration.person,
        gives_way=gives_way,
    )
