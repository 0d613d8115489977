"""What the mails of events say, written from records at the moment they leave."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import dates, languages, timezones
from events import calendars, ics, venues
from events.enums import ChangeKind
from events.models import Event, EventVersion, Registration
from events.services import notices
from mail import kinds
from mail.kinds import Attachment, MailKind, NoLongerMakesSense, Rendering
from mail.models import Message


def register_kinds() -> None:
    """Make the app's mails known to the outbox; called once, when the app is ready."""
    for name, render, label in (
        (notices.CONFIRMATION, confirmation, gettext_lazy("Confirmation of a registration")),
        (notices.WAITING, waiting, gettext_lazy("Place on a waiting list")),
        (notices.PROMOTED, promoted, gettext_lazy("Seat from a waiting list")),
        (notices.CANCELLED, cancelled, gettext_lazy("Registration cancelled")),
        (notices.KNOWN, known, gettext_lazy("Registered already")),
        (notices.LINKS, links, gettext_lazy("New links of a registration")),
        (notices.MOVED, moved, gettext_lazy("New date, time or venue of an event")),
        (notices.CALLED_OFF, called_off, gettext_lazy("Event cancelled")),
        (notices.RESTORED, restored, gettext_lazy("Event takes place after all")),
    ):
        gives_way = name in notices.TO_ALL
        kinds.register(MailKind(name, render, label, expires=notices.expiries, gives_way=gives_way))


def confirmation(message: Message) -> Rendering:
    """Write the invitation of somebody who got a seat."""
    registration = _registration(message)
    _need(registration.is_confirmed, "The registration has no seat any more.")
    return _render(message, registration, subject=_("You are registered: %(title)s"), files=[_invitation(registration)])


def waiting(message: Message) -> Rendering:
    """Write what place somebody has on the waiting list."""
    registration = _registration(message)
    _need(registration.is_waiting, "The registration does not wait any more.")
    return _render(message, registration, subject=_("You are on the waiting list: %(title)s"))


def promoted(message: Message) -> Rendering:
    """Write the invitation of somebody who got a seat from the waiting list."""
    registration = _registration(message)
    _need(registration.is_confirmed, "The registration has no seat any more.")
    versions = {one.revision: one for one in registration.event.versions.all()}
    known, dated = (versions.get(message.params.get(name)) for name in ("since", "before"))
    if known and dated:
        # The mail that called it off named the date before, though it may have had another by then.
        dated.lay_when_and_where_over(known)
    return write_promoted(message, registration, known)


def write_promoted(message: Message, registration: Registration, before: EventVersion | None) -> Rendering:
    """Return what `registration` reads of the seat it got; of both, saved or not, only what they say counts.

    So it does of what has changed since the version `before`, of which it was told last: no other mail says that.
    """
    event = registration.event
    return _render(
        message,
        registration,
        subject=_("You have a seat now: %(title)s"),
        files=[_invitation(registration)],
        news=" ".join(_sentences_of_news(event, before)) if before else "",
        changes=[*_changes(registration, before), *_venue_changes(event, before)] if before else [],
    )


def cancelled(message: Message) -> Rendering:
    """Write that the registration is cancelled, and take it off the calendar where it stood there."""
    registration = _registration(message, of_live_event=False)
    _need(not registration.is_live, "The registration is live.")
    # What is published now, told or not: nobody is invited back to what they could not register for.
    event = Event.objects.get(pk=registration.event_id)
    had_seat = registration.changes.filter(what__in=[ChangeKind.CONFIRMED, ChangeKind.PROMOTED]).exists()
    files = [_calendar_part("CANCEL", calendars.cancellation(registration))] if had_seat else []
    return _render(
        message,
        registration,
        subject=_("Your registration is cancelled: %(title)s"),
        files=files,
        had_seat=had_seat,
        gives_seats=event.gives_seats,
        takes_registrations=event.takes_registrations,
    )


def known(message: Message) -> Rendering:
    """Write what an address has already that was used to register once more."""
    registration = _registration(message)
    _need(registration.is_live, "The registration is cancelled.")
    if registration.is_waiting:
        return _render(message, registration, subject=_("You are on the waiting list already: %(title)s"))
    subject = _("You are registered already: %(title)s")
    return _render(message, registration, subject=subject, files=[_invitation(registration)])


def links(message: Message) -> Rendering:
    """Write the links that alone work now; the invitation, which holds one of them, goes over the calendar's entry."""
    registration = _registration(message)
    _need(registration.is_live, "The registration is cancelled.")
    _need(registration.token_version == message.params["version"], "There are newer links.")
    files = [_invitation(registration)] if registration.is_confirmed else []
    return _render(message, registration, subject=_("New links: %(title)s"), files=files)


def moved(message: Message) -> Rendering:
    """Write what date, time and venue were and are, with the new invitation for those who have a seat."""
    return _of_change(message, "before")


def called_off(message: Message) -> Rendering:
    """Write that the event does not take place, and take it off the calendar where it stood there."""
    return _of_change(message, "since", of_live_event=False)


def restored(message: Message) -> Rendering:
    """Write that an event that was called off takes place after all, and when."""
    return _of_change(message, "before")


def _of_change(message: Message, known: str, *, of_live_event: bool = True) -> Rendering:
    registration = _registration(message, of_live_event=of_live_event)
    _need(registration.is_live, "The registration is cancelled.")
    return write_change(message, registration, registration.event.versions.get(revision=message.params[known]))


def write_change(message: Message, registration: Registration, before: EventVersion) -> Rendering:
    """Return what `registration`, saved or not, reads of a change since the version `before`, which the person knows.

    Of `message`, saved or not, only kind and language count. A mail that calls the event off names the date that the
    person knows, even if the event was moved as well: what is cancelled has no new date.
    """
    event = registration.event
    if message.kind == notices.CALLED_OFF:
        before.lay_when_and_where_over(event)
        files = [_calendar_part("CANCEL", calendars.cancellation(registration))] if registration.is_confirmed else []
        return _render(message, registration, subject=_("Cancelled: %(title)s"), files=files)
    files = [_invitation(registration)] if registration.is_confirmed else []
    changes = [*_changes(registration, before), *_venue_changes(event, before)]
    if message.kind != notices.MOVED:
        subject = _("It takes place after all: %(title)s")
        return _render(message, registration, subject=subject, files=files, changes=changes)
    is_venue_alone = before.schedule == event.schedule and before.venue != event.venue
    return _render(
        message,
        registration,
        subject=_subject_of_move(event) if is_venue_alone else _("New date or time: %(title)s"),
        files=files,
        changes=changes,
        opening=" ".join(_sentences_of_move(registration, before, is_venue_alone=is_venue_alone)),
        is_venue_alone=is_venue_alone,
    )


def _subject_of_move(event: Event) -> str:
    return _("New venue: %(title)s") if event.venue else _("Online only now: %(title)s")


def _sentences_of_move(registration: Registration, before: EventVersion, *, is_venue_alone: bool) -> Iterator[str]:
    """Yield what is new about date and venue, and what the person keeps."""
    if not is_venue_alone:
        yield _("The event has a new date or time.")
    yield from _sentences_of_venue(registration.event, before)
    if registration.is_confirmed:
        yield _("You keep your seat. The attached invitation puts it right on your calendar.")
    else:
        yield _("You keep your place on the waiting list.")


def _sentences_of_news(event: Event, before: EventVersion) -> Iterator[str]:
    """Yield what is new about whether, when and where it takes place."""
    if before.is_cancelled:
        yield _("The event was cancelled, but takes place after all.")
    if before.schedule != event.schedule:
        yield _("The event has a new date or time.")
    yield from _sentences_of_venue(event, before)


def _sentences_of_venue(event: Event, before: EventVersion) -> Iterator[str]:
    if before.venue != event.venue:
        yield _("The event has a new venue.") if event.venue else _("The event now takes place online only.")


def _venue_changes(event: Event, before: EventVersion) -> list[dict[str, str]]:
    """Return the venue before and now; nothing where it is the same."""
    if before.venue == event.venue:
        return []
    told = ((_("Venue before"), before.venue), (_("Venue now"), event.venue))
    return [{"term": term, "value": venues.in_words(venue)} for term, venue in told]


def _changes(registration: Registration, before: EventVersion) -> list[dict[str, str]]:
    """Return date and time before and now, in the person's zone and the event's; nothing where they are the same."""
    known = (before, registration.event)
    was, is_now = (sentences(said.starts_at, said.ends_at, said.timezone, registration.timezone) for said in known)
    if was == is_now:
        # Where the zone alone is another, the person's own clocks cannot show it.
        was, is_now = ([_sentence(said.starts_at, said.ends_at, said.timezone)] for said in known)
    if was == is_now:
        return []
    return [
        {"term": term, "value": first, "more": "".join(others)}
        for term, (first, *others) in ((_("Before"), was), (_("Now"), is_now))
    ]


def _need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NoLongerMakesSense(otherwise)


def _registration(message: Message, *, of_live_event: bool = True) -> Registration:
    found = Registration.objects.with_place().select_related("event__format", "event__source_locale")
    registration = found.filter(pk=message.params["registration"]).first()
    if registration is None:
        raise NoLongerMakesSense("The registration is gone.")
    newest = registration.told_revision
    _need(message.params.get("revision", newest) >= newest, "There is newer news.")
    lies_ahead = not registration.event.is_over
    # A change that can still be undone is told to nobody: mails say what this person has been told of, or is by this.
    event = calendars.as_told(registration).event
    # By that date as well: one in the past, published by mistake, must cost nobody a mail. Who could cancel by the date
    # that is published, of which nobody hears while it is called off, reads of that.
    _need(not event.is_over or (lies_ahead and not registration.is_live), "The event is over.")
    _need(not (of_live_event and event.is_cancelled), "The event is cancelled.")
    # The file speaks the language of the mail, whatever the person has chosen since.
    registration.language = message.language
    return registration


def _render(
    message: Message,
    registration: Registration,
    *,
    subject: str,
    files: list[Attachment] | None = None,
    **more: Any,
) -> Rendering:
    event = registration.event
    title, language, url = calendars.title_for(event, message.language)
    return Rendering(
        subject=subject % {"title": title},
        template=f"mail/{message.kind}",
        context={
            "registration": registration,
            "title": title,
            "title_language": language,
            "event_url": url,
            "join_url": calendars.join_url(registration),
            "own_url": calendars.self_service_url(registration),
            "when": when(event.starts_at, event.ends_at, event.timezone, registration.timezone),
            "where": where(event),
            "format": event.format.label_in(message.language) if event.format else "",
            "reason": _("You get this mail because this address was used to register for this event."),
            **more,
        },
        attachments=files or [],
    )


def when(starts_at: datetime, ends_at: datetime, theirs: str, yours: str) -> dict[str, Any]:
    """Return the tile, the rows and the sentence that tell both times: the person's zone first, then the event's."""
    told = _zones(starts_at, ends_at, theirs, yours)
    start = starts_at.astimezone(ZoneInfo(told[0]))
    return {
        "weekday": dates.weekday(start),
        "day": str(start.day),
        "month": f"{dates.month(start)} {start.year}",
        "zones": [_row(starts_at, ends_at, zone, start) for zone in told],
        "sentence": _sentence(starts_at, ends_at, told[0]),
    }


def where(event: Event) -> list[dict[str, str]]:
    """Return the row that tells the venue; none where an event is online only."""
    return [{"term": _("Venue"), "value": event.venue}] if event.venue else []


def sentences(starts_at: datetime, ends_at: datetime, theirs: str, yours: str) -> list[str]:
    """Return day, time and place in one sentence for each zone: the person's first, then the event's."""
    return [_sentence(starts_at, ends_at, zone) for zone in _zones(starts_at, ends_at, theirs, yours)]


def _zones(starts_at: datetime, ends_at: datetime, theirs: str, yours: str) -> list[str]:
    """Return the zones to tell a time in: the person's and, where its clocks show another time, the event's."""
    yours = yours if timezones.is_valid(yours) else theirs
    shown = {
        tuple(at.astimezone(ZoneInfo(zone)).utcoffset() for at in (starts_at, ends_at)): zone
        for zone in (theirs, yours)
    }
    return [yours] if len(shown) == 1 else [yours, theirs]


def _sentence(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    return _("%(day)s, %(time)s, %(place)s") % {
        "day": dates.full_day(start),
        "time": dates.clock_range(start, end),
        "place": timezones.label(zone, languages.current(), at=starts_at),
    }


def _row(starts_at: datetime, ends_at: datetime, zone: str, tile: datetime) -> dict[str, str]:
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    value = dates.clock_range(start, end)
    if start.date() != tile.date():
        value = _("%(day)s, %(time)s") % {"day": dates.day_and_month(start), "time": value}
    return {"label": timezones.label(zone, languages.current(), at=starts_at), "value": value}


def _invitation(registration: Registration) -> Attachment:
    return _calendar_part("REQUEST", calendars.invitation(registration))


def _calendar_part(method: str, content: bytes) -> Attachment:
    return Attachment("invitation.ics", content, ics.mime_type(method), as_alternative=True)
