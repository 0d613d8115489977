"""Sending a message once more because staff decided so, with their reason."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core import clock
from mail import kinds, rendering
from mail.addresses import fingerprint
from mail.enums import FINAL, Reason, State
from mail.kinds import NoLongerMakesSense
from mail.models import Message, Resend, Suppression
from mail.services.enqueueing import enqueue, enqueue_prepared
from mail.services.suppressing import suppressed

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)
LONGEST_KEY = 200
ON_THE_LIST = _("The address is on the suppression list.")
# The first that applies is told.
_REFUSALS: tuple[tuple[Promise, Callable[[Message, datetime | None], bool]], ...] = (
    (
        _("It lets somebody sign in: the person asks for a new one themselves."),
        lambda message, _until: message.is_secret,
    ),
    (
        _("It has not ended yet, so it may still arrive."),
        lambda message, _until: message.state not in FINAL,
    ),
    (
        _("It was taken back."),
        lambda message, _until: message.mailing is not None and message.mailing.withdrawn_at is not None,
    ),
    (
        _("Its sense has passed."),
        lambda _message, until: until is not None and until <= clock.now(),
    ),
    (
        _("Its words have been erased."),
        lambda message, _until: message.blanked_at is not None,
    ),
    (
        _("No part of the site writes mails of this kind any more."),
        lambda message, _until: not message.is_prepared and message.kind not in kinds.names(),
    ),
)


class CannotResend(Exception):
    """The message cannot be sent again; the text says why, for staff."""

    def __init__(self, sentence: "str | Promise") -> None:
        super().__init__(sentence)

    def __str__(self) -> str:
        return str(self.args[0])


def resend(*, message_pk: int, by: "User", reason: str) -> Message:
    """Ask for the message once more, as a message of its own with the key `<key>:resent:<n>`; return the copy.

    Written from its records it says what is true now; prepared words go out as they were. Raises CannotResend, and
    ValueError without a reason. Two members of staff at once make one copy: the second is told that one is on its way.
    """
    if not reason.strip():
        raise ValueError("Sending again needs a reason.")
    message = Message.objects.get(pk=message_pk)
    _require(message)
    with transaction.atomic():
        # Copies of copies are counted with the first, whose row is what two at once wait for.
        original = Message.objects.select_for_update().get(pk=_original_id(message))
        if original.resends.exclude(copy__state__in=FINAL).exists():
            raise CannotResend(_("A copy is on its way already."))
        # Asked in here, so that what a kind locks stays as it is until the copy is asked for.
        if refusal := kinds.why_not_again(message):
            raise CannotResend(refusal)
        number = original.resends.count() + 1
        copy = _copy(message, key=_key(original.key, number))
        Resend.objects.create(original=original, number=number, copy=copy, by=by, reason=reason.strip()[:300])
    return copy


def why_not(message: Message) -> "str | Promise":
    """Return why this message cannot be sent again, as far as its row and its moment tell; empty when it can."""
    return why_not_each([message])[message.pk]


def why_not_each(messages: Sequence[Message]) -> "dict[int, str | Promise]":
    """Return the same for many messages, by message, with a statement or two for each kind among them."""
    # What cannot be sent again for another reason need not be looked up.
    until = kinds.expiries(message for message in messages if message.is_final)
    return {message.pk: _why_not(message, until.get(message.pk)) for message in messages}


def stopping_entry(message: Message) -> Suppression | None:
    """Return the newest entry of the suppression list that stops such a message to its address, if there is one."""
    entries = Suppression.objects.in_force(now=clock.now()).stopping(message.stream)
    return entries.filter(address_hash=fingerprint(message.to_address)).first()


def _require(message: Message) -> None:
    refusal = why_not(message)
    if not refusal and message.to_address in suppressed(addresses=[message.to_address], stream=message.stream):
        refusal = ON_THE_LIST
    if refusal:
        raise CannotResend(refusal)
    try:
        rendering.render(message)
    except NoLongerMakesSense as why:
        raise CannotResend(_("What it would say is no longer true.")) from why
    except Exception as fault:
        logger.exception("Message %s of kind %s could not be written.", message.pk, message.kind)
        raise CannotResend(capfirst(Reason.UNRENDERABLE.label)) from fault


def _why_not(message: Message, until: "datetime | None") -> "str | Promise":
    return next((sentence for sentence, applies in _REFUSALS if applies(message, until)), "")


def _original_id(message: Message) -> int:
    found = Resend.objects.filter(copy=message).values_list("original_id", flat=True).first()
    return found or message.pk


def _key(key: str, number: int) -> str:
    resent = f"{key}:resent:{number}"
    # A key too long to be lengthened gives way to its digest, which is as unique.
    digest = hashlib.sha256(key.encode()).hexdigest()
    return resent if len(resent) <= LONGEST_KEY else f"{digest}:resent:{number}"


def _copy(message: Message, *, key: str) -> Message:
    if not message.is_prepared:
        return enqueue(
            key=key,
            kind=message.kind,
            to=message.to_address,
            to_name=message.to_name,
            language=message.language,
            params=message.params,
            # Written afresh, it makes sense for as long as what it tells of by now.
            expires_at=kinds.expiries([message])[message.pk],
            stream=message.stream,
            person=message.person,
        )
    content = rendering.prepared(message)
    return enqueue_prepared(
        key=key,
        kind=message.kind,
        to=message.to_address,
        to_name=message.to_name,
        language=message.language,
        subject=content.subject,
        text=content.text,
        html=content.html,
        attachments=content.attachments,
        reply_to=content.reply_to,
        expires_at=message.expires_at,
        stream=message.stream,
        person=message.person,
    )


def is_uncertain(message: Message) -> bool:
    """Whether a copy could be the second that the person gets: the first, or one of its attempts, may have arrived."""
    return message.state in {State.ACCEPTED, State.UNKNOWN} or message.repeats > 0
