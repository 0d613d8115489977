"""The states of messages as lists show them; elsewhere they are parts of sentences and begin with a small letter."""

from collections.abc import Iterable

from django.utils.text import capfirst

from mail.enums import State
from mail.models import Message


def shown(message: Message) -> str:
    """Return the state of a message as a row of a list shows it."""
    return str(capfirst(message.get_state_display()))


def choices(states: Iterable[State] = State) -> list[tuple[str, str]]:
    """Return states as a filter of a list offers them, in the language that is active now."""
    return [(state.value, str(capfirst(state.label))) for state in states]
