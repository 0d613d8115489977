"""Calendar files of registrations and of the public programme, from records."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import clock, locales
from events import ics, listing, venues
from events.models import Event, Registration
from mail.addresses import split

KEPT_IN_FEED = timedelta(days=365)
MOST_IN_FEED = 500


def invitation(registration: Registration) -> bytes:
    """Return the invitation of somebody with a seat, in the registration's language."""
    return ics.invitation(_own(registration), organiser=_organiser(), attendee=_attendee(registration))


def cancellation(registration: Registration) -> bytes:
    """Return the file that takes a cancelled registration off the person's calendar."""
    return ics.cancellation(_own(registration), organiser=_organiser(), attendee=_attendee(registration))


def download(registration: Registration) -> bytes:
    """Return the same entry for adding by hand."""
    return ics.single(_own(as_told(registration)), organiser=_organiser())


def public_feed(language: str) -> bytes:
    """Return the public programme in one language; two statements. Where there is too much, the oldest is left out."""
    recent = Event.objects.public().filter(ends_at__gt=clock.now() - KEPT_IN_FEED).order_by("-starts_at", "-pk")
    events = list(recent[:MOST_IN_FEED])[::-1]
    pages = listing.pages_for(events, language)
    occasions = [_public(event, pages[event.pk]) for event in events if event.pk in pages]
    return ics.feed(occasions, organiser=_organiser(), name=_("GKEC events"))


def self_service_url(registration: Registration) -> str:
    """Return the absolute address of the person's own page."""
    return settings.BASE_URL + reverse("event_registration", args=[registration.token])


def join_url(registration: Registration) -> str:
    """Return the absolute address of the page that leads the person into the meeting."""
    return settings.BASE_URL + reverse("event_join", args=[registration.join_token])


def as_told(registration: Registration) -> Registration:
    """Return the registration with its event, in memory, as the person has been told of it.

    Never save that event. While a change can still be undone, this differs from what is published.
    """
    if version := registration.event.versions.filter(revision=registration.told_revision).first():
        version.lay_over(registration.event)
    return registration


def title_for(event: Event, language: str) -> tuple[str, str, str]:
    """Return title, its language and the absolute address that leads a reader of `language` to the event's page.

    Without a live page the title is the one last published in the source language, and the address is empty.
    """
    page = listing.pages_for([event], language).get(event.pk)
    if page is None:
        return event.title, locales.code_of(event.source_locale_id), ""
    return page.title, locales.code_of(page.locale_id), _lasting_url(event, language)


def _lasting_url(event: Event, language: str) -> str:
    """Return the absolute address of the event whatever becomes of its pages: mails and calendars are kept for long."""
    with translation.override(language):
        return settings.BASE_URL + reverse("event_page", args=[event.translation_key])


def _own(registration: Registration) -> ics.Occasion:
    event = registration.event
    title, language, url = title_for(event, registration.language)
    join = join_url(registration)
    with translation.override(registration.language):
        description = _("Join here: %(address)s") % {"address": join}
    return ics.Occasion(
        uid=f"{registration.uuid}@{settings.MAIL_MESSAGE_ID_DOMAIN}",
        title=title,
        language=language,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        # People share their calendars, so the address that can cancel the registration is in no entry.
        url=join,
        stamp=clock.now(),
        description=f"{description}\n{url}".strip(),
        # A calendar looks this up on a map; who takes part online finds the address in the text, as before.
        location=event.venue or join,
        sequence=event.revision + registration.revision,
        is_cancelled=event.is_cancelled or not registration.is_live,
    )


def _public(event: Event, page) -> ics.Occasion:
    return ics.Occasion(
        uid=f"event-{event.translation_key}@{settings.MAIL_MESSAGE_ID_DOMAIN}",
        title=page.title,
        language=locales.code_of(page.locale_id),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        url=page.get_full_url() or settings.BASE_URL,
        stamp=clock.now(),
        location=venues.in_words(event.venue),
        sequence=event.revision,
        is_cancelled=event.is_cancelled,
    )


def _organiser() -> ics.Party:
    name, address = split(settings.DEFAULT_FROM_EMAIL)
    return ics.Party(name or settings.WAGTAIL_SITE_NAME, address)


def _attendee(registration: Registration) -> ics.Party:
    return ics.Party(registration.name, registration.email)
