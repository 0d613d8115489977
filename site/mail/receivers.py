"""What providers tell through anymail's webhooks."""

import re
from collections.abc import Mapping
from typing import Any

from mail import replies
from mail.enums import ReportKind
from mail.provider import METADATA
from mail.services import report

_KINDS = {
    "bounced": ReportKind.BOUNCED,
    "complained": ReportKind.COMPLAINED,
    "unsubscribed": ReportKind.UNSUBSCRIBED,
    "rejected": ReportKind.REJECTED,
    "failed": ReportKind.REJECTED,
}
# A bounce for another reason speaks of our words or our name, not of the mailbox.
_GONE = {None, "bounced", "invalid"}
# What providers call a mailbox that takes no mail for now: Brevo, Postmark and Amazon SES in this order.
_SOFT = re.compile(r"(?i)\bsoft[ _-]?bounce|\btransient\b")


def on_tracking(sender: Any, *, event: Any, **kwargs: Any) -> None:
    what = _KINDS.get(event.event_type)
    if what is None or not event.recipient:
        return
    if what is ReportKind.BOUNCED and not _is_gone(event):
        what = ReportKind.REJECTED
    report(
        what=what,
        address=event.recipient,
        message_id=str((event.metadata or {}).get(METADATA, "")),
        event_id=_event_id(event),
        words=str(event.mta_response or event.description or event.reject_reason or ""),
        at=event.timestamp,
    )


def _is_gone(event: Any) -> bool:
    """Whether a bounce says that nobody is there: providers call it one too when a mailbox is full for a day."""
    if event.reject_reason not in _GONE:
        return False
    by_code = replies.gone_by_hearsay(str(event.mta_response or event.description or ""))
    if by_code is not None:
        return by_code
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    return not _SOFT.search(f"{event.description or ''} {raw.get('event', '')} {raw.get('Type', '')}")


def _event_id(event: Any) -> str:
    """Return what is the same when a notice is repeated, and another for a second complaint about the same message."""
    if event.event_id:
        return str(event.event_id)
    moment = event.timestamp.isoformat() if event.timestamp else ""
    return f"{moment} {event.message_id or ''}".strip()
