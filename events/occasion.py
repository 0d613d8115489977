"""What an event page shows of its record: the panel with dates and seats, the programme, one thing to do."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core import clock, dates, languages, locales
from events import spoken, venues, viewing
from events.enums import Availability
from events.listing import date_state, seat_words

if TYPE_CHECKING:
    from events.models import Event, WebinarPage


def occasion(page: "WebinarPage", event: "Event | None", request: HttpRequest) -> dict[str, Any]:
    """Return the context of an event page; without a record yet the page says that registration opens later.

    What only kept parts show is lazy, so that a page pays for it once.
    """
    language = languages.current()
    context: dict[str, Any] = {
        "event": event,
        "page_language": locales.code_of(page.locale_id),
        "facts": SimpleLazyObject(lambda: facts(page, event, language)),
        "events_url": f"/{language}/events/",
        "mode": venues.mode_in_words(page.venue),
        **viewing.clocks(request),
    }
    if event is None:
        return context
    now = clock.now()
    return {
        **context,
        "panel": SimpleLazyObject(lambda: panel(event, now)),
        "programme": SimpleLazyObject(lambda: agenda(page, event)),
        "is_over": event.is_over,
        "moment": clock.step(now),
        "kind": event.format.label_in(language) if event.format else "",
        "mode": venues.mode_in_words(event.venue),
    }


def panel(event: "Event", at: datetime) -> dict[str, Any]:
    """Return what the registration panel says: the seats in words, at most one action, one sentence."""
    availability = event.availability(at)
    action = {
        Availability.OPEN: _("Register"),
        Availability.FEW: _("Register"),
        Availability.WAITING: _("Join the waiting list"),
    }.get(availability, "")
    return {
        "seat_state": seat_words(event, at),
        "date_state": date_state(event, at),
        "label": action,
        "url": reverse("event_register", args=[event.slug]) if action else "",
        "note": _note(event, availability),
    }


def agenda(page: "WebinarPage", event: "Event") -> list[dict[str, Any]]:
    """Return the items of the programme with the moments at which they begin and end."""
    items = sorted((block.value for block in page.agenda), key=lambda item: item["minutes"])
    starts = [event.starts_at + timedelta(minutes=item["minutes"]) for item in items]
    ends = [*starts, event.ends_at][1:]
    return [
        {
            "start": start,
            "end": end if end > start else None,
            "title": item["title"],
            "people": item["speakers"],
            "text": item["note"],
        }
        for item, start, end in zip(items, starts, ends, strict=True)
    ]


def facts(page: "WebinarPage", event: "Event | None", language: str) -> list[dict[str, str]]:
    """Return where people meet, who invites, and which languages are spoken, interpreted and captioned."""
    source = event or page
    found = [{"term": _("Venue"), "value": format_html("<bdi>{}</bdi>", source.venue)}] if source.venue else []
    if page.host:
        found.append({"term": _("Host"), "value": page.host})
    for term, codes in (
        (_("Languages"), source.spoken_languages),
        (_("Interpretation"), source.interpretation),
        (_("Captions"), source.captions),
    ):
        if codes:
            found.append({"term": term, "value": _(", ").join(spoken.name(code, language) for code in codes)})
    return found


def _note(event: "Event", availability: Availability) -> str:
    if availability == Availability.NOT_YET:
        opens = event.registration_opens_at.astimezone(event.zone)
        return _("Registration opens on %(day)s at %(time)s, %(city)s time.") % {
            "day": dates.full_day(opens),
            "time": dates.clock(opens),
            "city": dates.zone_city(event.timezone),
        }
    return {
        Availability.OPEN: _("One page, one minute. The invitation comes by mail."),
        Availability.FEW: _("One page, one minute. The invitation comes by mail."),
        Availability.WAITING: _("When a seat becomes free, whoever has waited longest gets it."),
        Availability.FULL: _("All seats are taken and this event keeps no waiting list."),
        Availability.CLOSED: _("Registration has closed."),
        Availability.LIVE: _("Whoever is registered joins by the link in the mail."),
    }.get(availability, "")
