"""What reminders and messages of staff say, written from records at the moment they leave."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock, languages
from events import calendars, ics, mails, words
from events.enums import ReminderAudience
from events.models import Registration, ReminderRule, StaffMessage
from events.moments import AFTERWARDS
from events.services import planning, reminding, writing
from mail import kinds
from mail.enums import Stream
from mail.isolates import isolate
from mail.kinds import Attachment, MailKind, NoLongerMakesSense, Rendering
from mail.models import Message
from mail.services.mailings import is_taken_back

REMINDER = planning.KIND
STAFF_MESSAGE = writing.KIND
# Nearer to the start everybody has the entry, and one more file is only in the way.
CALENDAR_FILE_UNTIL = timedelta(hours=2)


def register_kinds() -> None:
    """Make these mails known to the outbox; called once, when the app is ready."""
    for name, render, label, expires in (
        (REMINDER, reminder, gettext_lazy("Reminder of an event"), reminding.expiries),
        (STAFF_MESSAGE, staff_message, gettext_lazy("Message to registered people"), writing.expiries),
    ):
        kinds.register(MailKind(name, render, label, stream=Stream.BULK, expires=expires))


def reminder(message: Message) -> Rendering:
    """Write one person's reminder, unless it has been planned anew, taken back or overtaken by what happened."""
    registration = _registration(message)
    rule = ReminderRule.objects.filter(pk=message.params["rule"]).first()
    is_current = rule is not None and planning.is_current(
        registration_id=registration.pk, rule_id=rule.pk, revision=message.params["revision"]
    )
    if rule is None or not (is_current and rule.is_armed):
        raise NoLongerMakesSense("The reminder has been planned anew or taken back.")
    _need_audience(registration, rule.audience)
    if rule.due_at is not None and rule.due_at < registration.event.starts_at <= clock.now():
        raise NoLongerMakesSense("The event has begun.")
    return write_reminder(rule, registration, message.language)


def staff_message(message: Message) -> Rendering:
    """Write what staff say, to one of those for whom it was meant."""
    registration = _registration(message)
    found = StaffMessage.objects.filter(pk=message.params["message"]).first()
    if found is None or is_taken_back(message):
        raise NoLongerMakesSense("The message is gone or has been taken back.")
    _need_audience(registration, found.audience)
    return write_staff_message(found, registration, message.language)


def write_reminder(
    rule: ReminderRule, registration: Registration, language: str, *, at: datetime | None = None
) -> Rendering:
    """Return a rule's reminder as `registration`, saved or not, would read it in `language`, which is active, were it
    to leave at a moment, now unless given.
    """
    at = at or clock.now()
    context = _context(registration, language)
    own = (rule.words or {}).get(language)
    said = words.choose({language: own}, language) if own else None
    event = registration.event
    is_over = at >= event.ends_at
    subject = _("Thank you: %(title)s") if is_over else _("Reminder: %(title)s")
    is_confirmed = rule.audience == ReminderAudience.CONFIRMED
    files = []
    if is_confirmed and event.starts_at - at > CALENDAR_FILE_UNTIL:
        files = [Attachment("event.ics", calendars.download(registration), ics.PUBLISHED)]
    return Rendering(
        subject=_subject(said, context) or subject % {"title": context["title"]},
        template="mail/event-reminder",
        context={
            **context,
            **_said(said, context),
            "is_over": is_over,
            "is_confirmed": is_confirmed,
            "place": getattr(registration, "place", None),
        },
        attachments=files,
    )


def write_staff_message(message: StaffMessage, registration: Registration, language: str) -> Rendering:
    """Return staff's message as `registration`, saved or not, would read it in `language`, which is active."""
    context = _context(registration, language)
    said = words.choose(message.words, language)
    return Rendering(
        subject=_subject(said, context) or context["title"],
        template="mail/event-message",
        context={**context, **_said(said, context)},
    )


def _context(registration: Registration, language: str) -> dict[str, Any]:
    event = registration.event
    title, title_language, url = calendars.title_for(event, language)
    return {
        "registration": registration,
        "title": title,
        "title_language": title_language,
        "event_url": url,
        "own_url": calendars.self_service_url(registration),
        "join_url": calendars.join_url(registration),
        "when": mails.when(event.starts_at, event.ends_at, event.timezone, registration.timezone),
        "where": mails.where(event),
        "reason": _("You get this mail because this address was used to register for this event."),
    }


def _subject(said: words.Words | None, context: dict[str, Any]) -> str:
    return words.fill(said.subject, _values(context)) if said and said.subject else ""


def _said(said: words.Words | None, context: dict[str, Any]) -> dict[str, Any]:
    """Return staff's paragraphs, and their language where it is not the reader's."""
    if said is None:
        return {"paragraphs": []}
    # A name in another script must not turn the sentence around. Header lines drop such characters anyway.
    values = {name: isolate(value) for name, value in _values(context).items()}
    is_foreign = said.language != languages.current()
    return {
        "paragraphs": [words.fill(one, values) for one in words.paragraphs(said.text)],
        "words_language": said.language if is_foreign else "",
        "words_direction": languages.direction(said.language),
    }


def _values(context: dict[str, Any]) -> dict[str, str]:
    return {
        "name": context["registration"].short_name,
        "title": context["title"],
        "when": context["when"]["sentence"],
    }


def _registration(message: Message) -> Registration:
    found = Registration.objects.with_place().select_related("event__format", "event__source_locale")
    registration = found.filter(pk=message.params["registration"]).first()
    if registration is None:
        raise NoLongerMakesSense("The registration is gone.")
    if clock.now() >= registration.event.ends_at + 2 * AFTERWARDS:
        raise NoLongerMakesSense("The event is long over.")
    # A call-off that can still be undone is told to nobody, and keeps nothing back.
    if calendars.as_told(registration).event.is_cancelled:
        raise NoLongerMakesSense("The event is cancelled.")
    registration.language = message.language
    return registration


def _need_audience(registration: Registration, audience: str) -> None:
    # As the person has been told of it, the event may end at another time than its row says.
    is_known = registration.event.is_over or not ReminderAudience(audience).is_of_the_past
    if not (is_known and Registration.objects.filter(pk=registration.pk).of_audience(audience).exists()):
        raise NoLongerMakesSense("The person is not among those it is for any more.")
