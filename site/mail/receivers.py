"""What providers tell through anymail's webhooks."""

from typing import Any

from mail import replies
from mail.provider import METADATA
from mail.services import report


def on_tracking(sender: Any, *, event: Any, **kwargs: Any) -> None:
    what = replies.reported(event)
    if what is None or not event.recipient:
        return
    report(
        what=what,
        address=event.recipient,
        message_id=str((event.metadata or {}).get(METADATA, "")),
        event_id=_event_id(event),
        words=str(event.mta_response or event.description or event.reject_reason or ""),
        at=event.timestamp,
    )


def _event_id(event: Any) -> str:
    """Return what is the same when a notice is repeated, and another for a second complaint about the same message."""
    if event.event_id:
        return str(event.event_id)
    moment = event.timestamp.isoformat() if event.timestamp else ""
    return f"{moment} {event.message_id or ''}".strip()
