"""The demo's issues of the newsletter: pages of its archive, and campaigns that send them to the demo's sign-ins."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import translation

from core import clock
from core.emailkeys import email_key
from core.models import Term
from core.rawstreams import stream
from demo import content
from demo.services.pages import page_of, publish_in_languages, section
from demo.services.people import GUESTS, Guest
from newsletter import wording
from newsletter.models import Campaign, NewsletterPage, Subscriber
from newsletter.models.subscriber import INTERESTS
from newsletter.services import confirm, prepare_campaign, start_campaign


def load_newsletters() -> list[NewsletterPage]:
    """Publish the issues that are missing; return all of them in English, the first issue first."""
    return [_load(issue) for issue in content.read("newsletters")]


def send_newsletters(issues: list[NewsletterPage]) -> None:
    """Subscribe the sign-ins and start a campaign for each issue that has none; the demo's worker sends them."""
    for number, guest in enumerate(GUESTS):
        _subscribe(guest, topics=number)
    for page in issues:
        if not Campaign.objects.filter(issue=page.translation_key).exists():
            start_campaign(campaign_id=prepare_campaign(issue=page.translation_key).pk)


def _subscribe(guest: Guest, *, topics: int) -> None:
    """Subscribe a sign-in as their click on the link of the mail would, to the first few topics."""
    with translation.override(guest.language):
        said = {**asdict(wording.agreeing()), "channel": reverse("newsletter_subscribe")}
    subscriber, is_new = Subscriber.objects.get_or_create(
        email_key=email_key(guest.email),
        defaults={
            "uuid": content.key("subscriber", guest.email),
            "email": guest.email,
            "language": guest.language,
            "country": guest.country,
            "wording": said,
        },
    )
    if is_new:
        subscriber.interests.set(Term.objects.of(INTERESTS)[:topics])
        confirm(subscriber_id=subscriber.pk)


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
