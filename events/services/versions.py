"""Writing down what an event says under its present revision."""

from typing import TYPE_CHECKING

from core import clock
from events.models import Event, EventVersion
from events.models.version import TOLD

if TYPE_CHECKING:
    from accounts.models import User


def write(event: Event, *, is_told: bool = False, by: "User | None" = None, reason: str = "") -> EventVersion:
    """Store what a locked event says under its new revision; `is_told` where nobody can know another."""
    now = clock.now()
    return EventVersion.objects.create(
        event=event,
        revision=event.revision,
        made_at=now,
        told_at=now if is_told else None,
        by=by,
        reason=reason,
        **{name: getattr(event, name) for name in TOLD},
    )
