"""What the mails of events say, written from records at the moment they leave."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock, dates, languages, timezones
from events import calendars
from events.enums import ChangeKind
from events.models import Registration
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
    ):
        kinds.register(MailKind(name, render, label))


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
    return _render(
        message, registration, subject=_("You have a seat now: %(title)s"), files=[_invitation(registration)]
    )


def cancelled(message: Message) -> Rendering:
    """Write that the registration is cancelled, and take it off the calendar where it stood there."""
    registration = _registration(message, of_live_event=False)
    _need(not registration.is_live, "The registration is live.")
    had_seat = registration.changes.filter(what__in=[ChangeKind.CONFIRMED, ChangeKind.PROMOTED]).exists()
    files = [_calendar_part("CANCEL", calendars.withdrawal(registration))] if had_seat else []
    return _render(
        message,
        registration,
        subject=_("Your registration is cancelled: %(title)s"),
        files=files,
        had_seat=had_seat,
    )


def known(message: Message) -> Rendering:
    """Write what an address has already that was used to register once more."""
    registration = _registration(message)
    _need(registration.is_live, "The registration is cancelled.")
    return _render(
        message,
        registration,
        subject=_("You are registered already: %(title)s"),
        files=[_invitation(registration)] if registration.is_confirmed else [],
    )


def _need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NoLongerMakesSense(otherwise)


def _registration(message: Message, *, of_live_event: bool = True) -> Registration:
    found = Registration.objects.with_place().select_related("event__format", "event__source_locale")
    registration = found.filter(pk=message.params["registration"]).first()
    if registration is None:
        raise NoLongerMakesSense("The registration is gone.")
    event = registration.event
    _need(clock.now() < event.ends_at, "The event is over.")
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
    had_seat: bool = True,
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
            "own_url": calendars.self_service_url(registration),
            "when": when(event.starts_at, event.ends_at, event.timezone, registration.timezone),
            "format": event.format.label_in(message.language) if event.format else "",
            "had_seat": had_seat,
            "reason": _("You get this mail because this address was used to register for this event."),
        },
        attachments=files or [],
    )


def when(starts_at: datetime, ends_at: datetime, theirs: str, yours: str) -> dict[str, Any]:
    """Return the tile, the rows and the sentence that tell both times: the person's zone first, then the event's."""
    yours = yours if timezones.is_valid(yours) else theirs
    start = starts_at.astimezone(ZoneInfo(yours))
    zones = [_row(starts_at, ends_at, yours, start)]
    if theirs != yours:
        zones.append(_row(starts_at, ends_at, theirs, start))
    return {
        "weekday": dates.weekday(start),
        "day": str(start.day),
        "month": f"{dates.month(start)} {start.year}",
        "zones": zones,
        "sentence": _("%(day)s, %(time)s, %(place)s")
        % {"day": dates.full_day(start), "time": zones[0]["value"], "place": zones[0]["label"]},
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
    return Attachment("invitation.ics", content, f"text/calendar; method={method}; charset=utf-8", as_alternative=True)
