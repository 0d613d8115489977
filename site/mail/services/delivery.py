"""Delivering one batch: take, write, start, hand over, write down, over one connection."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError

from core import clock
from core.redaction import redact
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
    open group. `ring` is called when a full batch was taken and its first group has been answered, so that another
    worker can take the next one meanwhile (behind a shut door nobody is called to try as well), and for what the lease
    had no time for.
    """
    most = rates.most_at_once(stream, settings.MAIL_LEASE_SECONDS * _SHARE_OF_LEASE)
    size = settings.MAIL_BATCH_SIZES[stream]
    lease = ledger.lease(stream=stream, limit=min(size, most or size))
    if not lease.messages:
        return 0
    try:
        _work_through(lease, ring=ring if lease.is_full else None)
    finally:
        given_back = ledger.release(lease=lease)
    if given_back and _is_over(lease):
        ring()
    return len(lease.messages)


def _work_through(lease: Lease, *, ring: Callable[[], object] | None = None) -> None:
    size = settings.MAIL_GROUP_SIZES[lease.stream]
    size = min(size, rates.most_at_once(lease.stream, 1) or size)
    with roads.open_road() as road:
        _Batch(lease, road, Desk(lease, has_wire=road.has_wire, known_for=road.known_for), size, ring).deliver()


@dataclass
class _Batch:
    """A lease on its way over one road: the group written next, and answers that are not written down yet.

    Whatever takes time comes behind their commit: they would be lost with the worker, or with its lease.
    """

    lease: Lease
    road: Road
    desk: Desk
    size: int
    ring: Callable[[], object] | None
    group: list[Ready] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    fault: Exception | None = None

    def deliver(self) -> None:
        shut: Answer | None = None
        self.write_next()
        while self.group and not _is_over(self.lease):
            shut = self.prepare()
            if shut is not None or not self.group or _is_over(self.lease):
                break
            sending = self.start()
            if self.size == 1:
                # The next is written now, so that nothing slow stands between this one's answer and its commit.
                self.write_next()
            self.verdicts, shut = _handed_over(self.road, sending)
            if shut is not None:
                break
            self.go_on()
        if shut is None:
            self.call_for_help()
        self.close()
        if shut is not None:
            _let_wait(self.lease, shut)
        if self.fault is not None:
            raise self.fault

    def write_next(self) -> None:
        """Write the next group; a fault that keeps it from being written is raised once nothing can be lost by it."""
        try:
            self.group, self.fault = self.desk.next_group(self.size), None
        except Exception as fault:  # noqa: BLE001  (raised again at the end)
            self.group, self.fault = [], fault

    def prepare(self) -> Answer | None:
        """Connect, wait for the stream's rate, write anew what has become old meanwhile; return what shuts the door."""
        if not self.road.is_open:
            self.close()
            try:
                self.road.connect()
            except Unreachable as problem:
                return Answer(Outcome.UNREACHABLE, None, str(problem))
        if wait := rates.seconds_to_wait(self.lease.stream, len(self.group)):
            self.close()
            rates.sleep(wait)
        if self.desk.is_stale():
            self.close()
            self.desk.step_back()
            self.write_next()
        return None

    def start(self) -> list[Ready]:
        """Write down the answers, and that the group is begun; return what of it may be handed over."""
        started = ledger.turn(lease=self.lease, closing=self.verdicts, opening=[one.opening for one in self.group])
        return [one for one in self.group if one.opening.message.pk in started]

    def call_for_help(self) -> None:
        """Have another worker take the next batch, once: where a group was answered, or nothing had to leave."""
        if self.ring is not None:
            self.close()
            self.ring()
            self.ring = None

    def go_on(self) -> None:
        """Call for help behind the first group; write the next, behind this one's commit if that takes long."""
        self.call_for_help()
        if self.size > 1:
            if not self.desk.is_quick(self.size):
                # Writing twenty takes long enough to be killed in.
                self.close()
            self.write_next()

    def close(self) -> None:
        """Write down what was answered."""
        ledger.turn(lease=self.lease, closing=self.verdicts, opening=[])
        self.verdicts = []


def _is_over(lease: Lease) -> bool:
    """Whether a worker that was asked to stop would be killed soon: it begins no further group."""
    return clock.now() >= lease.until


def _handed_over(road: Road, sending: Sequence[Ready]) -> tuple[list[Verdict], Answer | None]:
    """Hand over a group; return what became of each, and the answer that shut the door, if one did."""
    answers = road.hand_over([one.letter for one in sending])
    for one, answer in zip(sending, answers, strict=True):
        if rules.is_bounce(answer):
            # Before the answer is written down: a worker killed between the two has the address looked at again.
            _leave_alone(one.letter.recipient, answer)
    now = clock.now()
    shut = next((one for one in answers if rules.shuts(one)), None)
    is_shut = shut is not None
    pairs = zip(sending, answers, strict=True)
    verdicts = [rules.verdict(one.opening.message, answer, now=now, is_shut=is_shut) for one, answer in pairs]
    return verdicts, shut


def _leave_alone(address: str, answer: Answer) -> None:
    try:
        suppress_bounced(address=address, words=f"{answer.code} {answer.reply}")
    except DatabaseError:
        # The next mail there bounces too; the answers of the whole group would be lost for good.
        logger.exception("An address to which mail came back could not be put on the suppression list.")


def _let_wait(lease: Lease, shut: Answer) -> None:
    """Let what was not tried wait behind a door that was shut, or behind an answer that never came."""
    # The words were said of one message, and may name its address; they are kept with the others, too.
    words = redact(f"{shut.code or ''} {shut.reply}".strip())
    if shut.outcome is Outcome.NO_ANSWER:
        logger.warning("An answer never came (%s); %d messages wait a while.", words, ledger.rest(lease=lease))
    else:
        number = ledger.put_off(lease=lease, reply=words)
        logger.warning("The mail server cannot be used (%s); %d messages wait for it.", words, number)
