"""What people should have read and did not: mails that the outbox refused because of news that was taken back."""

from collections.abc import Iterable

from django.db.models import Max
from django.db.models.functions import Lower

from events.models import Registration
from events.services import notices
from mail.addresses import as_kept
from mail.enums import Reason
from mail.models import Message

# What says of a registration which seat, place or links it has; news of a call-off does not.
SAYS_WHAT_IS_HELD = (*notices.STANDING, notices.MOVED, notices.RESTORED)


def unsaid(people: Iterable[Registration]) -> dict[int, list[Message]]:
    """Return, for each of these registrations, the refused mails that say what is so, the oldest first; two statements.

    Left out are those after which another mail has said what somebody holds, or may have. Of several of one kind the
    last has the place of all. Ask once older news has been taken back.
    """
    by_key = {one.pk: one for one in people}
    # By address too, which has an index; a registration keeps its own.
    addresses = {as_kept(one.email).lower() for one in by_key.values()}
    mails = Message.objects.alias(address=Lower("to_address")).filter(
        address__in=addresses, params__registration__in=list(by_key)
    )
    refused = mails.not_worth_sending().filter(reason=Reason.SENSELESS, kind__in=notices.STANDING)
    found = list(refused.only("kind", "params").order_by("pk"))
    if not found:
        return {}
    said = mails.perhaps_read().filter(kind__in=SAYS_WHAT_IS_HELD)
    newest = dict(said.order_by().values_list("params__registration").annotate(Max("pk")))
    missed: dict[int, dict[str, Message]] = {}
    for mail in found:
        whom = mail.params["registration"]
        if mail.pk > newest.get(whom, 0) and _is_so(mail, by_key[whom]):
            missed.setdefault(whom, {})[mail.kind] = mail
    return {whom: list(by_kind.values()) for whom, by_kind in missed.items()}


def _is_so(mail: Message, registration: Registration) -> bool:
    """Whether a refused mail says what somebody holds, whose registration is live: a seat is taken from nobody."""
    if mail.kind == notices.WAITING:
        return registration.is_waiting
    return mail.kind != notices.LINKS or mail.params["version"] == registration.token_version
