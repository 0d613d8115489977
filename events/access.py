"""Who may meet an event at all: whoever may read one of its live pages."""

from django.http import Http404, HttpRequest
from wagtail.models import Page

from events import rows
from events.models import Event
from events.querysets import EventQuerySet


def event_for(request: HttpRequest, slug: str) -> Event:
    """Return the event at an address, or raise Http404 for a visitor who may read none of its pages.

    One statement for events with a public page; only private ones ask further.
    """
    if "\x00" in slug:
        # No event is called so, and PostgreSQL takes no text with this character in it.
        raise Http404
    event = rows.asked(_by_slug, slug)
    if event is None or not (event.is_public or _may_read_a_page(request, event)):
        raise Http404
    return event


def _by_slug(slug: str) -> EventQuerySet:
    return Event.objects.with_publicity().filter(slug=slug)


def _may_read_a_page(request: HttpRequest, event: Event) -> bool:
    pages = Page.objects.filter(translation_key=event.translation_key, live=True, alias_of=None)
    return any(
        all(restriction.accept_request(request) for restriction in page.get_view_restrictions()) for page in pages
    )
