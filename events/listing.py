"""What a list of events shows, as plain values for components: each occasion once, in the best language there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from wagtail.models import Page

from core import clock, languages, locales
from events import spoken, venues
from events.enums import Availability
from events.querysets import public_pages

if TYPE_CHECKING:
    from events.models import Event

# The words of the seats bar; an event whose registration has yet to open shows none.
BAR = {
    Availability.OPEN: "open",
    Availability.FEW: "few",
    Availability.WAITING: "waiting",
    Availability.FULL: "closed",
    Availability.CLOSED: "closed",
    Availability.LIVE: "live",
    Availability.PAST: "past",
    Availability.NOT_YET: "",
    Availability.CANCELLED: "",
}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as `components/event_row.html` and `components/event_card.html` show it."""

    url: str
    title: str
    language: str
    kind: str
    mode: str
    venue: str
    languages: str
    start: datetime
    end: datetime
    timezone: str
    seat_state: str
    date_state: str
    is_cancelled: bool
    is_live: bool
    cover_key: str


def listed(
    events: "Iterable[Event]", *, language: str | None = None, request: HttpRequest | None = None
) -> list[EventRow]:
    """Return a row for each event that has a public page, in order; one statement for all pages.

    `events` must have `format` and `source_locale` at hand. The page is the one in `language` (the active one,
    unless given), else in the event's source language, else in whatever language comes first.
    """
    language = language or languages.current()
    events = list(events)
    pages = pages_for(events, language)
    return [_row(event, pages[event.pk], language, request) for event in events if event.pk in pages]


def pages_for(events: "list[Event]", language: str, *, among: QuerySet | None = None) -> dict[int, Page]:
    """Return the page to lead a reader of `language` to, by the event's primary key; a public one unless `among`."""
    if not events:
        return {}
    found: dict = {}
    pages = public_pages() if among is None else among
    for page in pages.filter(translation_key__in=[event.translation_key for event in events]):
        found.setdefault(page.translation_key, {})[locales.code_of(page.locale_id)] = page
    chosen = {}
    for event in events:
        by_language = found.get(event.translation_key, {})
        order = [language, locales.code_of(event.source_locale_id), *languages.fallback_chain(language)]
        best = next((by_language[code] for code in order if code in by_language), None)
        if best is not None:
            chosen[event.pk] = best
    return chosen


def seat_words(event: "Event", at: datetime) -> str:
    """Return the state that the seats bar shows."""
    availability = event.availability(at)
    if availability == Availability.OPEN and event.capacity is None:
        return "unlimited"
    return BAR[availability]


def date_state(event: "Event", at: datetime) -> str:
    """Return "past" once it is over, "today" on its first day in its own zone, else nothing."""
    if at >= event.ends_at:
        return "past"
    return "today" if at.astimezone(event.zone).date() == event.local_start.date() else ""


def languages_in_words(event: "Event", language: str) -> str:
    """Return what is spoken and interpreted, and whether there are captions, such as "English, French, captions"."""
    codes = dict.fromkeys([*event.spoken_languages, *event.interpretation])
    words = [spoken.name(code, language) for code in codes]
    if event.captions:
        words.append(_("captions"))
    return _(", ").join(words)


def _row(event: "Event", page: Page, language: str, request: HttpRequest | None) -> EventRow:
    now = clock.now()
    return EventRow(
        url=page.get_url(request) or "",
        title=page.title,
        language=locales.code_of(page.locale_id),
        kind=event.format.label_in(language) if event.format else "",
        mode=venues.mode_in_words(event.venue),
        venue=event.venue,
        languages=languages_in_words(event, language),
        start=event.starts_at,
        end=event.ends_at,
        timezone=event.timezone,
        seat_state=seat_words(event, now),
        date_state=date_state(event, now),
        is_cancelled=event.is_cancelled,
        is_live=event.starts_at <= now < event.ends_at and not event.is_cancelled,
        cover_key=str(event.translation_key),
    )
