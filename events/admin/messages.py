"""The messages that staff have written to those registered for an event, as rows of a table."""

from typing import Any

from django.urls import reverse
from django.utils.text import Truncator

from core import clock, languages
from core.text import single_line
from events import words
from events.models import Event, StaffMessage

LONGEST = 80


def rows_of(event: Event) -> list[dict[str, Any]]:
    """Return a row for each message, the newest first: drafts too, and what can be taken back; one statement."""
    found = StaffMessage.objects.filter(event_id=event.pk).select_related("by", "mailing__by")
    return [_row(message, event) for message in found]


def _row(message: StaffMessage, event: Event) -> dict[str, Any]:
    mailing = message.mailing
    return {
        "message": message,
        "mailing": mailing,
        "url": reverse("events_message_sent" if mailing else "events_message", args=[message.pk]),
        "by": mailing.by if mailing else message.by,
        "waits": mailing is not None and clock.now() < mailing.leaves_at,
        "words": _beginning(message, event),
    }


def _beginning(message: StaffMessage, event: Event) -> dict[str, str]:
    """Return by what staff know the message again, and in which language that is."""
    found = words.choose(message.words, languages.current())
    if found is None:
        return {"language": "", "text": ""}
    text = words.fill(found.subject or single_line(found.text), {"title": event.title})
    return {"language": found.language, "text": Truncator(text).chars(LONGEST)}
