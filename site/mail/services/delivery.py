"""Delivering one batch: take, write, start, hand over, write down, over one connection."""

import logging
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DatabaseError

from core import clock
from mail import rates, roads, rules
from mail.enums import Outcome
from mail.roads import Road
from mail.rules import Verdict
from mail.services import ledger
from mail.services.ledger import Lease
from mail.services.suppressing import suppress_bounced
from mail.services.writing import Desk, Ready
from mail.transport import Answer, Unreachable

logger = logging.getLogger(__name__)
# A rate shall not make a worker hold messages that it cannot send within its lease.
_SHARE_OF_LEASE = 0.25


def deliver(*, stream: str, ring: Callable[[], object] = lambda: None) -> int:
    """Deliver one batch of what is due in `stream` and return how many were taken; call it outside any transaction.

    Transactional mail is started one at a time, bulk mail in groups: what a killed worker leaves uncertain is the
    open group. `ring` is called as soon as a full batch is taken, so that another worker can take the next one
    meanwhile, and for what the lease had no time for.
    """
    most = rates.most_at_once(stream, settings.MAIL_LEASE_SECONDS * _SHARE_OF_LEASE)
    size = settings.MAIL_BATCH_SIZES[stream]
    lease = ledger.lease(stream=stream, limit=min(size, most or size))
    if not lease.messages:
        return 0
    if lease.is_full:
        ring()
    try:
        _work_through(lease)
    finally:
        given_back = ledger.release(lease=lease)
    if given_back and _is_over(lease):
        ring()
    return len(lease.messages)


def _work_through(lease: Lease) -> None:
    size = settings.MAIL_GROUP_SIZES[lease.stream]
    size = min(size, rates.most_at_once(lease.stream, 1) or size)
    verdicts: list[Verdict] = []
    with roads.open_road() as road:
        desk = Desk(lease, has_wire=road.has_wire, known_for=road.known_for)
        shut: str | None = None
        group, fault = _next_group(desk, size)
        while group and not _is_over(lease):
            shut = _shut_before(road)
            if shut is not None:
                break
            verdicts = _hold(lease, verdicts, len(group))
            started = ledger.turn(lease=lease, closing=verdicts, opening=[one.opening for one in group])
            sending = [one for one in group if one.opening.message.pk in started]
            if size == 1:
                # The next is written now, so that nothing slow stands between this one's answer and its commit.
                group, fault = _next_group(desk, size)
            verdicts, shut = _handed_over(road, sending)
            if shut is not None:
                break
            if size > 1:
                verdicts = _secure(lease, verdicts, desk, size)
                group, fault = _next_group(desk, size)
        ledger.turn(lease=lease, closing=verdicts, opening=[])
        if shut is not None:
            _put_off(lease, shut)
    if fault is not None:
        raise fault


def _shut_before(road: Road) -> str | None:
    """Return what keeps the door shut before anything is handed over, or nothing where there is a connection."""
    try:
        road.connect()
    except Unreachable as problem:
        return str(problem)
    return None


def _next_group(desk: Desk, size: int) -> tuple[list[Ready], Exception | None]:
    """Return the next group, or none and the fault that kept it from being written.

    What others have been answered by then must be written down first: it would be lost with the worker.
    """
    try:
        return desk.next_group(size), None
    except Exception as fault:  # noqa: BLE001  (raised again once nothing can be lost by it)
        return [], fault


def _is_over(lease: Lease) -> bool:
    """Whether a worker that was asked to stop would be killed soon: it begins no further group."""
    return clock.now() >= lease.until


def _hold(lease: Lease, verdicts: list[Verdict], number: int) -> list[Verdict]:
    """Wait for the stream's rate, answers committed before; return those still to be written down."""
    wait = rates.seconds_to_wait(lease.stream, number)
    if not wait:
        return verdicts
    ledger.turn(lease=lease, closing=verdicts, opening=[])
    rates.sleep(wait)
    return []


def _secure(lease: Lease, verdicts: list[Verdict], desk: Desk, size: int) -> list[Verdict]:
    """Commit answers before a group that takes long enough to write to be killed in; return those still to be."""
    if desk.is_quick(size):
        return verdicts
    ledger.turn(lease=lease, closing=verdicts, opening=[])
    return []


def _handed_over(road: Road, sending: Sequence[Ready]) -> tuple[list[Verdict], str | None]:
    """Hand over a group; return what became of each, and the words with which the door was shut, if it was."""
    answers = road.hand_over([one.letter for one in sending])
    for one, answer in zip(sending, answers, strict=True):
        if rules.is_bounce(answer):
            # Before the answer is written down: a worker killed between the two has the address looked at again.
            _leave_alone(one.letter.recipient, answer)
    now = clock.now()
    pairs = zip(sending, answers, strict=True)
    verdicts = [rules.verdict(one.opening.message, answer, now=now) for one, answer in pairs]
    shut = next((one for one in answers if one.outcome is Outcome.UNREACHABLE), None)
    return verdicts, f"{shut.code or ''} {shut.reply}".strip() if shut else None


def _leave_alone(address: str, answer: Answer) -> None:
    try:
        suppress_bounced(address=address, words=f"{answer.code} {answer.reply}")
    except DatabaseError:
        # The next mail there bounces too; the answers of the whole group would be lost for good.
        logger.exception("An address to which mail came back could not be put on the suppression list.")


def _put_off(lease: Lease, reply: str) -> None:
    number = ledger.put_off(lease=lease, reply=reply)
    logger.warning("The mail server cannot be used (%s); %d messages wait for it.", reply, number)
