"""What becomes of a message after a hand-over, and when it is tried again."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from mail import replies
from mail.enums import Outcome, Reason, State, Stream
from mail.models import Message
from mail.replies import Trouble
from mail.transport import Answer

# A second repeat could be a third copy in somebody's inbox, so the message stays unknown instead.
MOST_REPEATS = 1

_ENDS = {Outcome.ACCEPTED: (State.ACCEPTED, ""), Outcome.REFUSED: (State.FAILED, Reason.REFUSED)}
_WORDS = {
    Outcome.LATER: Reason.LATER,
    Outcome.CUT: Reason.CUT,
    Outcome.UNREACHABLE: Reason.UNREACHABLE,
    Outcome.NO_ANSWER: Reason.NO_ANSWER,
}


@dataclass(frozen=True)
class Verdict:
    """The state that a message takes on, and why."""

    message_pk: int
    state: State
    reason: str
    code: int | None = None
    reply: str = ""
    due_at: datetime | None = None
    finished_at: datetime | None = None
    is_repeat: bool = False


def shuts(answer: Answer) -> bool:
    """Whether nothing more shall be tried for now: nobody lets us in, or what was tried last is in doubt.

    A provider that breaks behind its door breaks for each message alike, and would leave a whole mail-out in doubt.
    """
    return answer.outcome in {Outcome.UNREACHABLE, Outcome.NO_ANSWER}


def verdict(message: Message, answer: Answer, *, now: datetime, is_shut: bool = False) -> Verdict:
    """Return what an answer does to a message whose hand-over had started.

    `untried` goes back to the queue as if it had never been taken, or where the door `is_shut` to the rest of the
    lease, which is put off; `unwritable` waits, as what cannot be written. A
    bulk message without an answer is never sent again; a transactional one is, once, unless the time set for trying is
    over. What was sent again and comes to nothing is unknown, since the first time may have arrived.
    """
    if answer.outcome is Outcome.UNTRIED:
        return Verdict(message.pk, State.LEASED if is_shut else State.QUEUED, "")
    if answer.outcome in _ENDS:
        return _ended(message, *_ENDS[answer.outcome], answer, now)
    is_over = has_tried_long_enough(message, now=now)
    is_unanswered = answer.outcome is Outcome.NO_ANSWER
    is_last = is_unanswered and (is_over or not may_repeat(message, is_safe=bool(answer.safe_for)))
    # A timed repeat is not put off again: the key under which it may have been sent is remembered from the first time.
    if is_last or is_timed_repeat(message):
        return _ended(message, State.UNKNOWN, Reason.NO_ANSWER, answer, now)
    if answer.outcome is Outcome.UNWRITABLE:
        return unrenderable(message, now=now, reply=answer.reply)
    if is_over:
        return _ended(message, State.FAILED, Reason.GAVE_UP, answer, now)
    wait = retry_delay(message, replies.trouble(answer.code, answer.reply), now=now)
    if is_unanswered and answer.safe_for:
        # Well before the key is forgotten, since a repeat may have to queue.
        wait = min(wait, answer.safe_for / 2)
    return Verdict(
        message.pk,
        State.DEFERRED,
        _WORDS[answer.outcome],
        code=answer.code,
        reply=answer.reply,
        due_at=now + wait,
        is_repeat=is_unanswered,
    )


def _ended(message: Message, state: State, reason: str, answer: Answer, now: datetime) -> Verdict:
    end = state if state is State.ACCEPTED else honest(message, state)
    return Verdict(message.pk, end, reason, code=answer.code, reply=answer.reply, finished_at=now)


def honest(message: Message, state: State) -> State:
    """Return the state in which a message ends that was not accepted: unknown if an earlier attempt may have arrived.

    The reason still says why the last attempt was not made or came to nothing.
    """
    return State.UNKNOWN if message.repeats else state


def may_repeat(message: Message, *, is_safe: bool = False) -> bool:
    """Whether a message of unknown fate may be sent again, with the same Message-ID.

    It `is_safe` where the provider knows a second request by its key and sends nothing for it.
    """
    return (is_safe or message.stream == Stream.TRANSACTIONAL) and message.repeats < MOST_REPEATS


def is_timed_repeat(message: Message) -> bool:
    """Whether a message may be sent again only while a provider knows the first time by its key."""
    return message.repeats > 0 and message.stream == Stream.BULK


def lost(message: Message, *, now: datetime) -> Verdict:
    """Return the end of a message that may have arrived and can no longer be repeated safely."""
    return Verdict(message.pk, State.UNKNOWN, Reason.NO_ANSWER, finished_at=now)


def has_tried_long_enough(message: Message, *, now: datetime) -> bool:
    """Whether the time set for trying is over."""
    first = message.first_tried_at or now
    return now - first >= timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS)


def retry_bounds(trouble: Trouble) -> tuple[float, float]:
    """Return the first and the longest wait, in seconds, for a class of reply."""
    first, longest = settings.MAIL_RETRIES[trouble.value]
    longest = min(longest, settings.MAIL_RETRY_LONGEST_SECONDS)
    return min(settings.MAIL_RETRY_FIRST_SECONDS or first, longest), longest


def retry_delay(message: Message, trouble: Trouble, *, now: datetime) -> timedelta:
    """Return as long as the message has been tried already, so that waits double, scattered by half either way.

    Both ends are bounded by the class of the server's reply. The scatter keeps a thousand messages that failed
    together from coming back together.
    """
    waited = (now - message.first_tried_at).total_seconds() if message.first_tried_at else 0.0
    first, longest = retry_bounds(trouble)
    return timedelta(seconds=min(max(waited, first), longest) * random.uniform(0.5, 1.5))  # noqa: S311  (no secret hangs on it)


def is_bounce(answer: Answer) -> bool:
    """Whether the answer says that the mailbox does not exist, so that nothing should be sent there for a while."""
    return answer.outcome is Outcome.REFUSED and replies.nobody_there(answer.code, answer.reply)


def dropped(message: Message, reason: Reason, *, now: datetime, reply: str = "") -> Verdict:
    """Return the end of a message that shall not leave at all."""
    state = State.SUPPRESSED if reason is Reason.SUPPRESSED else State.CANCELLED
    return Verdict(message.pk, honest(message, state), reason, reply=reply, finished_at=now)


def unrenderable(message: Message, *, now: datetime, reply: str) -> Verdict:
    """Return what a fault in the program does: another try later, since a release may mend it, until time is up."""
    if has_tried_long_enough(message, now=now):
        end = honest(message, State.FAILED)
        return Verdict(message.pk, end, Reason.UNRENDERABLE, reply=reply, finished_at=now)
    due_at = now + retry_delay(message, Trouble.OTHER, now=now)
    return Verdict(message.pk, State.DEFERRED, Reason.UNRENDERABLE, reply=reply, due_at=due_at)
