"""What is going to happen to a message, in one sentence for staff."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core import clock
from mail.enums import Reason, State
from mail.models import Message


def what_next(message: Message) -> str:
    """Return one sentence in the active language, with times in the active time zone."""
    now = clock.now()
    match message.state:
        case State.QUEUED:
            return _queued(message, now)
        case State.LEASED:
            return _("A worker has it in hand; should the worker die, it goes back to the queue at %(time)s.") % {
                "time": _time(message.leased_until)
            }
        case State.STARTED:
            return _("It is being handed over since %(time)s.") % {"time": _time(message.started_at)}
        case State.DEFERRED:
            return _("It will be tried again at %(time)s, because %(reason)s. At %(end)s trying ends.") % {
                "time": _time(message.due_at),
                "reason": _reason(message),
                "end": _time((message.first_tried_at or now) + timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS)),
            }
        case State.ACCEPTED:
            return _("Nothing more: the receiving server accepted it at %(time)s and answers for it since.") % {
                "time": _time(message.finished_at)
            }
        case State.UNKNOWN:
            return _(
                "Nothing, unless you decide so: it may have arrived or not, because %(reason)s, and sending it again"
                " could make a second copy."
            ) % {"reason": _reason(message)}
    return _("Nothing more: it ended at %(time)s, because %(reason)s.") % {
        "time": _time(message.finished_at),
        "reason": _reason(message),
    }


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


def _time(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else "–"
