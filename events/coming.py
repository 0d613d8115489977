"""The next events, for pages of other apps."""

from django.http import HttpRequest

from events.listing import EventRow, listed
from events.models import Event


def coming(count: int, *, language: str | None = None, request: HttpRequest | None = None) -> list[EventRow]:
    """Return the next public events, at most `count`, each once in the best language there is; two statements."""
    events = Event.objects.scheduled().upcoming().public().select_related("format")[:count]
    return listed(events, language=language, request=request)
