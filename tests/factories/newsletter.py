"""Subscribers and issues of the newsletter for tests."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from wagtail.models import Page

from core import clock
from core.emailkeys import email_key
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.models import NewsletterIndexPage, NewsletterPage, Subscriber
from newsletter.models.subscriber import INTERESTS
from tests.factories import core
from tests.factories.events import term

_numbers = count(1)
SAID = {"text": "Send me the newsletter.", "version": "1", "language": "en", "channel": "/en/news/subscribe/"}


def section(root: Page | None = None) -> NewsletterIndexPage:
    """Return the newsletter's section in English, made beneath a home page when there is none."""
    found = NewsletterIndexPage.objects.filter(locale__language_code="en").first()
    return found or core.child(root or core.site_root(), "news", NewsletterIndexPage, title="News")


def issue(*, parent: Page | None = None, **fields: Any) -> NewsletterPage:
    """Make a live issue in English with one lead and one text, without a revision."""
    number = next(_numbers)
    given = {
        "title": f"Issue {number}",
        "slug": f"issue-{number}",
        "number": number,
        "subject": f"Subject {number}",
        "body": [("lead", {"text": f"Lead {number}."}), ("text", {"heading": "More", "text": "<p>Words.</p>"})],
        **fields,
    }
    parent = parent or section()
    # The parent in memory may not know how many children it has by now.
    parent.refresh_from_db()
    return core.child(parent, given.pop("slug"), NewsletterPage, **given)


def translated(page: NewsletterPage, language: str, **fields: Any) -> NewsletterPage:
    """Make an issue's live translation, and that of its section where there is none."""
    parent = page.get_parent().specific
    if not parent.has_translation(core.locale(language)):
        # A home page of the language is the section's own parent.
        home = parent.get_parent().specific
        if not home.has_translation(core.locale(language)):
            core.translated(home, language)
        core.translated(parent, language)
    return core.translated(page, language, **fields)


def subscriber(email: str = "", *, interests: Iterable[str] = (), **fields: Any) -> Subscriber:
    """Make a confirmed subscriber reading English, or one in another state; `interests` are slugs."""
    address = email or f"reader{next(_numbers)}@city.example"
    state = fields.get("state", SubscriberState.CONFIRMED)
    moments: dict[str, Any] = {"left_at": clock.now(), "left_why": LeftWhy.LINK}
    if state == SubscriberState.CONFIRMED:
        moments = {"confirmed_at": clock.now()}
    elif state == SubscriberState.ASKED:
        moments = {"wording": SAID}
    given = {"email": address, "email_key": email_key(address), "language": "en", "state": state, **moments, **fields}
    made = Subscriber.objects.create(**given)
    made.interests.set([term(INTERESTS, slug) for slug in interests])
    return made
