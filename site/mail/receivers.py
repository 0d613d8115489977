"""What providers tell through anymail's webhooks."""

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
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    return replies.gone_by_bounce(
        reason=event.reject_reason,
        words=str(event.mta_response or event.description or ""),
        called=f"{event.description or ''} {raw.get('event', '')} {raw.get('Type', '')}",
    )


def _event_id(event: Any) -> str:
    """Return what is the same when a notice is repeated, and another for a second complaint about the same message."""
    if event.event_id:
        return str(event.event_id)
    moment = event.timestamp.isoformat() if event.timestamp else ""
    return f"{moment} {event.message_id or ''}".strip()
