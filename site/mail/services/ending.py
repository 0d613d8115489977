"""Ending messages that no worker has in hand, without saying of any that it never left where it may have."""

from typing import Any

from django.db.models import Case, QuerySet, Value, When

from core import clock
from mail.enums import Reason, State
from mail.models import Message


def end(messages: "QuerySet[Message]", state: State, reason: Reason, **more: Any) -> int:
    """End messages in a state and for a reason; those that waited to be sent once more are unknown. Returns how many.

    An attempt whose answer never came may have arrived, whatever becomes of the message afterwards.
    """
    honest = Case(When(repeats__gt=0, then=Value(State.UNKNOWN.value)), default=Value(state.value))
    ended: dict[str, Any] = {"reason": reason, "finished_at": clock.now(), "lease_id": None, "leased_until": None}
    return messages.update(state=honest, **ended, **more)
