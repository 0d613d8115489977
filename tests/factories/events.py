"""Events, their pages and registrations for tests."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.test import TestCase
from wagtail.models import Locale, Page
from wagtail_localize.models import TranslationSource

from core import clock
from core.models import Term
from events.models import Event, EventIndexPage, Registration, Reminder, ReminderRule, WebinarPage
from events.services import Applicant, arm, project_event, register
from tests.factories import core

_numbers = count(1)


def term(vocabulary: str, slug: str) -> Term:
    """Return a term of a vocabulary, as the migrations or this call made it."""
    labels = {"en": slug.replace("-", " ").capitalize()}
    return Term.objects.get_or_create(vocabulary=vocabulary, slug=slug, defaults={"labels": labels})[0]


def section(root: Page | None = None) -> EventIndexPage:
    """Return the events section in English, made beneath a home page when there is none."""
    found = EventIndexPage.objects.filter(locale__language_code="en").first()
    return found or core.child(root or core.site_root(), "events", EventIndexPage, title="Events")


def webinar(*, publish: bool = True, parent: Page | None = None, **fields: Any) -> WebinarPage:
    """Make a webinar page, published through a revision as the editor does, tomorrow noon Brussels unless told."""
    number = next(_numbers)
    start = fields.pop("starts_at", None) or in_days(1)
    page = WebinarPage(
        **{
            "title": f"Webinar {number}",
            "slug": f"webinar-{number}",
            "format": term("event-format", "webinar"),
            "starts_at": start,
            "ends_at": start + timedelta(minutes=90),
            "timezone": "Europe/Brussels",
            "live": False,
            **fields,
        }
    )
    (parent or section()).add_child(instance=page)
    if publish:
        publish_now(page)
    return page


def publish_now(page: WebinarPage) -> WebinarPage:
    """Save what the page holds as a revision and publish it."""
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def translate(page: WebinarPage, *, language: str = "fr") -> WebinarPage:
    """Translate through wagtail-localize, as staff do."""
    parent = section()
    if not parent.has_translation(core.locale(language)):
        root = parent.get_parent().specific
        if not root.has_translation(core.locale(language)):
            core.translated(root, language)
        core.translated(parent, language)
    source, _created = TranslationSource.get_or_create_from_instance(page)
    translation, _created = source.translations.get_or_create(target_locale=core.locale(language))
    # wagtail-localize publishes once the transaction is committed.
    with TestCase.captureOnCommitCallbacks(execute=True):
        translation.save_target(publish=True)
    return page.get_translation(core.locale(language))


def event(**fields: Any) -> Event:
    """Make an event with a live page; without revisions, which most tests do not ask for and which take long."""
    return project_event(page=webinar(publish=False, live=True, **fields))


def live_webinar(**fields: Any) -> WebinarPage:
    """Make a live page and its event, like `event`; return the page."""
    page = webinar(publish=False, live=True, **fields)
    project_event(page=page)
    return page


def bare_event(title: str = "Bare", **fields: Any) -> Event:
    """Make an event without any page, in a fraction of the time: for tests of what people did, not of what they read."""
    number = next(_numbers)
    start = fields.pop("starts_at", None) or in_days(1)
    given = {
        "translation_key": uuid4(),
        "slug": f"bare-{number}",
        "source_locale": Locale.objects.get_or_create(language_code="en")[0],
        "title": title,
        "starts_at": start,
        "ends_at": start + timedelta(minutes=90),
        "timezone": "Europe/Brussels",
    }
    return Event.objects.create(**{**given, **fields})


def applicant(name: str = "Ana Silva", **fields: Any) -> Applicant:
    """Return what somebody says when registering; the address follows the name."""
    return Applicant(
        **{
            "name": name,
            "email": f"{name.lower().replace(' ', '.')}@example.org",
            "language": "en",
            "timezone": "America/Bogota",
            "country": "CO",
            "organisation": "City of Bogotá",
            "organisation_type_id": term("organisation-type", "local-authority").pk,
            **fields,
        }
    )


def registered(event: Event, name: str = "Ana Silva", **fields: Any) -> Registration:
    """Register somebody through the service."""
    return register(event_id=event.pk, applicant=applicant(name, **fields)).registration


def reminder_due(people: int = 3, *, named: str = "Guest") -> Event:
    """Make an event two hours from now whose reminder falls due this second for so many people."""
    made = event(starts_at=clock.now() + timedelta(hours=2))
    rule = ReminderRule.objects.get(translation_key=made.translation_key, offset_minutes=-60)
    arm(rule_id=rule.pk)
    for number in range(people):
        registered(made, f"{named} {number}")
    a_second_ago = clock.now() - timedelta(seconds=1)
    ReminderRule.objects.filter(pk=rule.pk).update(due_at=a_second_ago)
    Reminder.objects.update(due_at=a_second_ago)
    return made


def in_days(days: float) -> datetime:
    """Return noon UTC so many days from today."""
    today = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=days)).astimezone(UTC)


def form_data(**fields: Any) -> dict[str, str]:
    """Return what a browser posts from the registration form."""
    term("organisation-type", "local-authority")
    return {
        "name": "Ana Silva",
        "email": "ana.silva@example.org",
        "country": "CO",
        "organisation": "City of Bogotá",
        "organisation_type": "local-authority",
        "language": "en",
        "timezone": "America/Bogota",
        "website": "",
        **fields,
    }
