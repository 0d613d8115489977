"""What is going to happen to a message, and what the suppression list stops, in one sentence each for staff."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock, dates
from mail.enums import WAITING, Reason, State
from mail.models import Message, Suppression
from mail.rules import has_tried_long_enough

if TYPE_CHECKING:
    from django.utils.functional import Promise

# Reasons that speak of the attempt of which nobody knows; any other speaks of the repeat that came to nothing.
_SILENCES = (Reason.NO_ANSWER, Reason.WORKER_LOST)
# What a worker has taken and not begun goes back to the queue.
_HELD_BY_A_PAUSE = WAITING | {State.LEASED}
_REPEAT_ENDED = gettext_lazy(
    "Nothing, unless you decide so: an attempt without an answer may have arrived, and its repeat ended because"
    " %(reason)s. Sending it again could make a second copy."
)
_LAST_TRY = gettext_lazy("It will be tried for the last time at %(due)s, because %(reason)s.")
_ENDED = gettext_lazy("Nothing more: it ended at %(finished)s, because %(reason)s.")
_SENTENCES = {
    State.LEASED: gettext_lazy(
        "A worker has it in hand; should the worker die, it goes back to the queue at %(lease_end)s."
    ),
    State.STARTED: gettext_lazy("Its hand-over has been under way since %(started)s."),
    State.DEFERRED: gettext_lazy(
        "It will be tried again at %(due)s, because %(reason)s. At %(trying_end)s trying ends."
    ),
    State.ACCEPTED: gettext_lazy(
        "Nothing more: the receiving server accepted it at %(finished)s and has answered for it since."
    ),
    State.UNKNOWN: gettext_lazy(
        "Nothing, unless you decide so: it may have arrived or not, because %(reason)s, and sending it again could"
        " make a second copy."
    ),
    State.FAILED: _ENDED,
    State.SUPPRESSED: _ENDED,
    State.CANCELLED: _ENDED,
}


# By whether everything is stopped, and whether it goes on without an end, until one, or is over.
_STOPPED = {
    (True, "for good"): gettext_lazy("Mail to this address has been stopped since %(since)s, with no end: %(reason)s."),
    (True, "until"): gettext_lazy("Mail to this address is stopped from %(since)s until %(until)s: %(reason)s."),
    (True, "over"): gettext_lazy("Mail to this address was stopped from %(since)s until %(until)s: %(reason)s."),
    (False, "for good"): gettext_lazy("Mail to many has been stopped here since %(since)s, with no end: %(reason)s."),
    (False, "until"): gettext_lazy("Mail to many is stopped here from %(since)s until %(until)s: %(reason)s."),
    (False, "over"): gettext_lazy("Mail to many was stopped here from %(since)s until %(until)s: %(reason)s."),
}


def what_is_stopped(entry: Suppression) -> str:
    """Return what an entry of the suppression list stops or stopped, since when and why."""
    lasts = "over" if not entry.is_in_force else "until" if entry.expires_at else "for good"
    return str(_STOPPED[entry.stops_everything, lasts]) % {
        "since": _minute(entry.created_at),
        "until": _minute(entry.expires_at),
        "reason": entry.get_reason_display(),
    }


def what_next(message: Message) -> str:
    """Return one sentence in the active language, with times in the active time zone."""
    if message.state in _HELD_BY_A_PAUSE and message.mailing is not None and message.mailing.paused_at is not None:
        return _("It waits, because what it belongs to is paused.")
    now = clock.now()
    if message.state in _SENTENCES:
        return str(_sentence(message)) % {
            "lease_end": _time(message.leased_until),
            "started": _time(message.started_at),
            "due": _time(message.due_at),
            "finished": _time(message.finished_at),
            "trying_end": _time((message.first_tried_at or now) + timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS)),
            "reason": _reason(message),
        }
    return _queued(message, now)


def _sentence(message: Message) -> "str | Promise":
    is_repeat_ended = message.state == State.UNKNOWN and message.repeats and message.reason not in _SILENCES
    if is_repeat_ended:
        return _REPEAT_ENDED
    is_last = message.state == State.DEFERRED and has_tried_long_enough(message, now=message.due_at)
    return _LAST_TRY if is_last else _SENTENCES[State(message.state)]


def _queued(message: Message, now: datetime) -> str:
    if message.due_at > now:
        return _("It leaves at %(time)s.") % {"time": _time(message.due_at)}
    if message.repeats and message.reason:
        return _("It will be sent once more, with the same Message-ID, because %(reason)s.") % {
            "reason": _reason(message)
        }
    return _("It waits for a worker; the sweep calls one within %(seconds)s seconds.") % {
        "seconds": settings.MAIL_SWEEP_SECONDS
    }


def _reason(message: Message) -> str:
    return str(Reason(message.reason).label) if message.reason else _("its reason was not noted")


def _minute(moment: datetime | None) -> str:
    return dates.left_to_right(f"{timezone.localtime(moment):%Y-%m-%d %H:%M}") if moment else "–"


def _time(moment: datetime | None) -> str:
    return dates.left_to_right(f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}") if moment else "–"
