"""Delivering one batch: take, write, start, hand over, write down, over one connection."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.conf import settings

from core import clock
from mail import mime, rendering, rules
from mail.addresses import split
from mail.enums import Outcome, Reason
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from mail.rules import Verdict
from mail.services import ledger
from mail.services.ledger import Lease, Opening
from mail.services.suppressing import suppressed
from mail.transport import Answer, Connection, Letter, Unreachable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivered:
    """What one batch did: how many messages were taken, and whether more may be waiting."""

    taken: int
    is_more: bool


@dataclass(frozen=True)
class _Ready:
    opening: Opening
    letter: Letter


def deliver(*, stream: str, on_full: Callable[[], None] | None = None) -> Delivered:
    """Deliver one batch of what is due in `stream`; call it outside any transaction.

    Transactional mail is started one at a time, bulk mail in groups: what a killed worker leaves uncertain is the
    open group. `on_full` is called as soon as a full batch is taken, so that another worker can take the next one
    meanwhile.
    """
    lease = ledger.lease(stream=stream, limit=settings.MAIL_BATCH_SIZES[stream])
    if not lease.messages:
        return Delivered(0, is_more=False)
    if lease.is_full and on_full is not None:
        on_full()
    try:
        _work_through(lease)
    finally:
        ledger.release(lease=lease)
    return Delivered(len(lease.messages), is_more=lease.is_full)


def _work_through(lease: Lease) -> None:
    ready = _ready(lease)
    size = settings.MAIL_GROUP_SIZES[lease.stream]
    verdicts: list[Verdict] = []
    with Connection(settings.MAIL_SERVER, seconds=settings.MAIL_HANDOVER_SECONDS) as connection:
        group = list(islice(ready, size))
        while group:
            try:
                connection.connect()
            except Unreachable as problem:
                _stop(lease, verdicts, str(problem))
                return
            started = ledger.turn(lease=lease, closing=verdicts, opening=[one.opening for one in group])
            sending = [one for one in group if one.opening.message.pk in started]
            if size == 1:
                # The next is written now, so that nothing slow stands between this one's answer and its commit.
                group = list(islice(ready, size))
            answers = connection.hand_over([one.letter for one in sending])
            verdicts = _verdicts(sending, answers)
            if shut := [one for one in answers if one.outcome is Outcome.UNREACHABLE]:
                _stop(lease, verdicts, f"{shut[0].code} {shut[0].reply}")
                return
            if size > 1:
                # Writing twenty takes long enough to be killed in, so the answers are committed first.
                ledger.turn(lease=lease, closing=verdicts, opening=[])
                verdicts, group = [], list(islice(ready, size))
        ledger.turn(lease=lease, closing=verdicts, opening=[])


def _stop(lease: Lease, verdicts: list[Verdict], reply: str) -> None:
    ledger.turn(lease=lease, closing=verdicts, opening=[])
    number = ledger.put_off(lease=lease, reply=reply)
    logger.warning("The mail server cannot be used (%s); %d messages wait for it.", reply, number)


def _verdicts(sending: list[_Ready], answers: list[Answer]) -> list[Verdict]:
    now = clock.now()
    return [rules.verdict(one.opening.message, answer, now=now) for one, answer in zip(sending, answers, strict=True)]


def _ready(lease: Lease) -> Iterator[_Ready]:
    """Yield the messages of a lease that still make sense, written; settle the others on the way."""
    sender = split(settings.DEFAULT_FROM_EMAIL)
    stopped = suppressed(addresses=[message.to_address for message in lease.messages], stream=lease.stream)
    for message in lease.messages:
        if message.to_address in stopped:
            ledger.drop(lease=lease, verdict=rules.dropped(message, Reason.SUPPRESSED, now=clock.now()))
            continue
        ready = _written(message, sender)
        if isinstance(ready, _Ready):
            yield ready
        else:
            ledger.drop(lease=lease, verdict=ready)


def _written(message: Message, sender: tuple[str, str]) -> _Ready | Verdict:
    now = clock.now()
    if message.expires_at is not None and message.expires_at <= now:
        return rules.dropped(message, Reason.EXPIRED, now=now)
    try:
        content = rendering.render(message)
        envelope = mime.Envelope(
            sender=sender,
            to=(message.to_name, message.to_address),
            message_id=message.message_id,
            language=message.language,
            date=now,
            reply_to=settings.MAIL_REPLY_TO,
        )
        letter = Letter(sender[1], message.to_address, mime.build(envelope, content))
    except NoLongerMakesSense as why:
        return rules.dropped(message, Reason.SENSELESS, now=now, reply=str(why))
    except Exception as problem:
        # One faulty template must not hold up everybody else's mail.
        logger.exception("Message %s of kind %s could not be written.", message.pk, message.kind)
        return rules.unrenderable(message, now=now, reply=type(problem).__name__)
    return _Ready(Opening(message, content), letter)
