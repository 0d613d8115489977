"""The demo's issues of the newsletter, as pages of its archive."""

from datetime import timedelta
from typing import Any

from core import clock
from core.rawstreams import stream
from demo import content
from demo.services.pages import page_of, publish_in_languages, section
from newsletter.models import NewsletterPage


def load_newsletters() -> list[NewsletterPage]:
    """Publish the issues that are missing; return all of them in English, the first issue first."""
    return [_load(issue) for issue in content.read("newsletters")]


def _load(issue: dict[str, Any]) -> NewsletterPage:
    key = ("news", issue["slug"])

    def fields(words: dict[str, Any]) -> dict[str, Any]:
        return {
            "number": issue["number"],
            "issued_on": (clock.now() + timedelta(days=issue["days_from_today"])).date(),
            "title": words["title"],
            "summary": words["summary"],
            "search_description": words["summary"],
            "subject": words["subject"],
            "preheader": words["preheader"],
            "body": stream(words["body"], path="/".join(key), page_of=page_of),
        }

    return publish_in_languages(
        model=NewsletterPage, parent=section("news"), key=key, words=issue["languages"], fields=fields
    )
