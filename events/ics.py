"""Calendar files (RFC 5545, RFC 5546): invitations, cancellations, single downloads and the public feed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText, vUri

from events import vtimezone

PRODUCT = "-//GKEC//Events//EN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a calendar entry says. Moments are aware; `language` is the language of title and text."""

    uid: str
    title: str
    language: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    url: str
    stamp: datetime
    description: str = ""
    location: str = ""
    sequence: int = 0
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a calendar entry."""

    name: str
    email: str


def mime_type(method: str) -> str:
    """Return the content type of a file; RFC 5545 and RFC 6047 want its METHOD to be named there too."""
    return f"text/calendar; method={method}; charset=utf-8"


# Of a single download and of the feed.
PUBLISHED = mime_type("PUBLISH")


def invitation(occasion: Occasion, *, organiser: Party, attendee: Party) -> bytes:
    """Return the file that puts the occasion on the attendee's calendar, accepted already: they registered."""
    return _scheduling("REQUEST", occasion, organiser, attendee)


def cancellation(occasion: Occasion, *, organiser: Party, attendee: Party) -> bytes:
    """Return the file that takes the occasion off the attendee's calendar; its `sequence` tops the invitation's."""
    return _scheduling("CANCEL", occasion, organiser, attendee)


def single(occasion: Occasion, *, organiser: Party) -> bytes:
    """Return a file with the occasion alone, for people who add it to a calendar by hand.

    Its organiser is the invitation's: laid over that entry, it must leave one that later invitations still match.
    """
    made = _calendar("PUBLISH")
    _fill(made, [_organised(occasion, organiser)], [occasion])
    return made.to_ical()


def feed(occasions: Iterable[Occasion], *, organiser: Party, name: str) -> bytes:
    """Return a calendar to subscribe to."""
    occasions = list(occasions)
    made = _calendar("PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT6H")
    _fill(made, [_organised(occasion, organiser) for occasion in occasions], occasions)
    return made.to_ical()


def _scheduling(method: str, occasion: Occasion, organiser: Party, attendee: Party) -> bytes:
    made = _calendar(method)
    entry = _organised(occasion, organiser)
    if method == "CANCEL":
        entry["status"] = vText("CANCELLED")
    guest = _address(attendee)
    guest.params["CUTYPE"] = vText("INDIVIDUAL")
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = vText("ACCEPTED")
    guest.params["RSVP"] = vText("FALSE")
    entry.add("attendee", guest, encode=False)
    _fill(made, [entry], [occasion])
    return made.to_ical()


def _calendar(method: str) -> Calendar:
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", method)
    return made


def _fill(made: Calendar, entries: list[Event], occasions: list[Occasion]) -> None:
    for zone, year in _zones(occasions):
        made.add_component(vtimezone.component(zone, year))
    for entry in entries:
        made.add_component(entry)


def _zones(occasions: list[Occasion]) -> list[tuple[str, int]]:
    """Return each zone once, with the year of its first occasion; UTC needs no description."""
    first: dict[str, int] = {}
    for occasion in occasions:
        year = occasion.starts_at.astimezone(ZoneInfo(occasion.timezone)).year
        first[occasion.timezone] = min(year, first.get(occasion.timezone, year))
    return sorted((zone, year) for zone, year in first.items() if not _is_utc(zone))


def _is_utc(zone: str) -> bool:
    return zone in {"UTC", "Etc/UTC"}


def _entry(occasion: Occasion) -> Event:
    zone = ZoneInfo(occasion.timezone)
    spoken = {"LANGUAGE": occasion.language}
    entry = Event()
    entry.add("uid", occasion.uid)
    entry.add("dtstamp", occasion.stamp.astimezone(UTC))
    entry.add("sequence", occasion.sequence)
    entry.add("status", "CANCELLED" if occasion.is_cancelled else "CONFIRMED")
    entry.add("dtstart", _on_the_clock(occasion.starts_at, zone))
    entry.add("dtend", _on_the_clock(occasion.ends_at, zone))
    entry.add("summary", occasion.title, parameters=spoken)
    if occasion.description:
        entry.add("description", occasion.description, parameters=spoken)
    if occasion.location:
        entry.add("location", occasion.location, parameters=spoken)
    entry.add("url", vUri(occasion.url))
    entry.add("transp", "OPAQUE")
    return entry


def _organised(occasion: Occasion, organiser: Party) -> Event:
    """Return an entry with exactly one ORGANIZER, which RFC 5546 wants of every METHOD."""
    entry = _entry(occasion)
    entry.add("organizer", _address(organiser), encode=False)
    return entry


def _on_the_clock(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(UTC if _is_utc(zone.key) else zone)


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.email}")
    address.params["CN"] = vText(party.name)
    return address
