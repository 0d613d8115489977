"""What providers tell through anymail's webhooks."""

from typing import Any

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


def on_tracking(sender: Any, *, event: Any, **kwargs: Any) -> None:
    what = _KINDS.get(event.event_type)
    if what is None or not event.recipient:
        return
    if what is ReportKind.BOUNCED and event.reject_reason not in _GONE:
        what = ReportKind.REJECTED
    report(
        what=what,
        address=event.recipient,
        message_id=str((event.metadata or {}).get(METADATA, "")),
        event_id=str(event.event_id or event.message_id or ""),
        words=str(event.mta_response or event.description or event.reject_reason or ""),
    )
