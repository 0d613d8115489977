"""Writing the messages of a lease, group by group: what still makes sense becomes a letter, the rest is settled."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from core import clock
from core.kept import Kept
from mail import kinds, mime, rendering, rules, senders, slots
from mail.enums import Reason
from mail.kinds import Fillings, NoLongerMakesSense
from mail.models import Attempt, Message, Variant
from mail.rules import Verdict
from mail.services import ledger
from mail.services.ledger import Lease, Opening
from mail.services.suppressing import suppressed
from mail.transport import Letter

logger = logging.getLogger(__name__)
# Shorter than a batch may take, so words are no older than those of the end of a batch.
KEPT_SECONDS = 10
# What waited longer for its hand-over, behind a slow server or its stream's rate, is written anew.
FRESH_FOR = timedelta(seconds=5)
_words: Kept[tuple[rendering.SharedWords, int]] = Kept(seconds=KEPT_SECONDS, size=8)


@dataclass(frozen=True)
class Ready:
    """A message written, and what the ledger keeps of it."""

    opening: Opening
    letter: Letter


class Desk:
    """Writes what one lease holds; memory is bound by the group, the words of a variant are kept for some seconds."""

    def __init__(self, lease: Lease, *, has_wire: bool = True, known_for: timedelta = timedelta(0)) -> None:
        self.lease = lease
        self.sender = senders.sender(lease.stream)
        self.reply_to = senders.reply_to(lease.stream)
        # A provider takes words and builds the message itself.
        self.has_wire = has_wire
        self._known_until = _known_until(lease.messages, known_for)
        self._first = self._next = 0
        self._written_at = clock.now()
        self._variants: dict[tuple[Any, ...], tuple[rendering.SharedWords, int] | NoLongerMakesSense] = {}
        addresses = [message.to_address for message in lease.messages]
        self._stopped = suppressed(addresses=addresses, stream=lease.stream) if addresses else set()

    def is_quick(self, size: int) -> bool:
        """Whether writing the next group takes next to no time, since its words are there already."""
        coming = self.lease.messages[self._next : self._next + size]
        return all(message.is_prepared or kinds.has_variants(message.kind) for message in coming)

    def next_group(self, size: int) -> list[Ready]:
        """Return the next messages that still make sense, at most `size`; an empty list is the end."""
        while self._next < len(self.lease.messages):
            coming = self.lease.messages[self._next : self._next + size]
            self._first, self._written_at = self._next, clock.now()
            self._next += size
            fillings = self._fillings(coming)
            written = [self._written(message, fillings) for message in coming]
            ledger.drop(lease=self.lease, verdicts=[one for one in written if isinstance(one, Verdict)])
            if ready := [one for one in written if isinstance(one, Ready)]:
                return ready
        return []

    def is_stale(self) -> bool:
        """Whether what the last group says may no longer make sense, since it was written some time ago."""
        return clock.now() - self._written_at > FRESH_FOR

    def step_back(self) -> None:
        """Let `next_group` return the last group once more, as far as it still makes sense, written anew."""
        self._next = self._first

    def _fillings(self, messages: Sequence[Message]) -> dict[str, Fillings | Exception]:
        """Ask each kind once for what is its recipients' own; a fault is kept, to be met message by message."""
        found: dict[str, Fillings | Exception] = {}
        # Nobody asks about who is not written to: erasing takes from a message what its kind would look for.
        wanted = [message for message in messages if message.to_address not in self._stopped]
        for name in {message.kind for message in wanted if kinds.has_variants(message.kind)}:
            group = [message for message in wanted if message.kind == name]
            try:
                found[name] = kinds.get(name).fillings(group)
            except Exception as problem:  # noqa: BLE001  (logged with each message that it keeps from leaving)
                found[name] = problem
        return found

    def _written(self, message: Message, fillings: Mapping[str, Fillings | Exception]) -> Ready | Verdict:
        now = clock.now()
        if message.to_address in self._stopped:
            return rules.dropped(message, Reason.SUPPRESSED, now=now)
        if rules.is_timed_repeat(message) and self._known_until.get(message.pk, now) <= now:
            return rules.lost(message, now=now)
        if message.expires_at is not None and message.expires_at <= now:
            return rules.dropped(message, Reason.EXPIRED, now=now)
        try:
            return self._filled(message, fillings[message.kind]) if message.kind in fillings else self._own(message)
        except NoLongerMakesSense as why:
            return rules.dropped(message, Reason.SENSELESS, now=now, reply=str(why))
        except Exception as problem:
            # One faulty template must not hold up everybody else's mail.
            logger.exception("Message %s of kind %s could not be written.", message.pk, message.kind)
            return rules.unrenderable(message, now=now, reply=type(problem).__name__)

    def _own(self, message: Message) -> Ready:
        content = rendering.render(message)
        envelope = self._envelope(message)
        data = mime.build(envelope, content) if self.has_wire else b""
        return Ready(Opening(message, content), Letter(self.sender[1], envelope.to[1], data, envelope, content))

    def _filled(self, message: Message, fillings: Fillings | Exception) -> Ready:
        if isinstance(fillings, Exception):
            raise fillings
        safe = rendering.own_fillings(message, fillings)
        shared, variant_id = self._variant(message, slots.filled(safe))
        envelope = self._envelope(message, safe.get("unsubscribe_url", ""))
        if self.has_wire:
            content = shared.heading(safe)
            data = mime.build_from(shared.pattern, envelope, content, safe, is_stuffed=True)
        else:
            content, data = shared.filled(safe), b""
        letter = Letter(self.sender[1], envelope.to[1], data, envelope, content, is_stuffed=True)
        return Ready(Opening(message, content, variant_id), letter)

    def _variant(self, message: Message, names: frozenset[str]) -> tuple[rendering.SharedWords, int]:
        params = kinds.get(message.kind).shared_params(message)
        key = (message.kind, message.language, names, repr(params))
        found = self._variants.get(key)
        if found is None:
            found = self._variants[key] = _once(key, message.kind, params, message.language)
        if isinstance(found, NoLongerMakesSense):
            raise found
        return found

    def _envelope(self, message: Message, unsubscribe_url: str = "") -> mime.Envelope:
        return mime.Envelope(
            sender=self.sender,
            to=(message.to_name, message.to_address),
            message_id=message.message_id,
            language=message.language,
            date=clock.now(),
            reply_to=self.reply_to,
            unsubscribe_url=unsubscribe_url,
        )


def _known_until(messages: Sequence[Message], known_for: timedelta) -> dict[int, datetime]:
    """Return by message until when a repeat is known to be one; what is not in it is known no more."""
    repeated = [message.pk for message in messages if rules.is_timed_repeat(message)]
    if not repeated or not known_for:
        return {}
    # The row itself says when it was last begun, be it behind another that then shut the door.
    begun = Attempt.objects.filter(message__in=repeated).values_list("message").annotate(last=Max("started_at"))
    return {pk: last + known_for for pk, last in begun.order_by()}


def _once(
    key: tuple[Any, ...], kind: str, params: Mapping[str, Any], language: str
) -> tuple[rendering.SharedWords, int] | NoLongerMakesSense:
    try:
        return _words.get(key, lambda: _kept(rendering.variant(kind, params, language, names=key[2])))
    except NoLongerMakesSense as why:
        # For this lease alone: it ends messages for good.
        return why


def _kept(written: rendering.SharedWords) -> tuple[rendering.SharedWords, int]:
    named = written.named()
    made = Variant(
        digest=written.digest,
        kind=written.kind,
        language=written.language,
        subject=named.subject,
        text=named.text,
        html=named.html,
    )
    # One statement, so that a purge either sees that they are used again or is waited for, and then made up for.
    [row] = Variant.objects.bulk_create(
        [made], update_conflicts=True, unique_fields=["digest"], update_fields=["last_used_at"]
    )
    return written, row.pk
