"""The demo's webinars, from their data to pages with a schedule, and who registered."""

import json
from datetime import timedelta
from typing import Any

from core.models import Term
from core.rawstreams import stream
from demo import content
from demo.services.pages import page_of, publish_in_languages, section
from events.models import Event, JoinLink, ReminderRule, WebinarPage
from events.services import arm, set_join_link


def load_webinars() -> list[Event]:
    """Publish the webinars that are missing and return the event of each."""
    parent = section("events")
    return [_load(parent, webinar) for webinar in content.read("webinars")]


def arm_reminders(event: Event) -> None:
    """Let the reminders of one webinar leave in their time, so that its page in the admin shows people and dates."""
    for rule in ReminderRule.objects.filter(translation_key=event.translation_key, armed_at=None):
        arm(rule_id=rule.pk)


def _load(parent: Any, webinar: dict[str, Any]) -> Event:
    key = ("events", webinar["slug"])
    starts_at = content.moment(webinar["starts"])
    shared = {
        "format": Term.objects.get(vocabulary="event-format", slug=webinar["format"]),
        "timezone": webinar["starts"]["timezone"],
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=webinar["starts"]["minutes"]),
        "venue": webinar.get("venue", ""),
        "capacity": webinar["capacity"],
        "spoken_languages": webinar["spoken_languages"],
        "interpretation": webinar["interpretation"],
        "captions": webinar["captions"],
    }

    def fields(words: dict[str, Any]) -> dict[str, Any]:
        return {
            **shared,
            "title": words["title"],
            "summary": words["summary"],
            "host": words["host"],
            "recording_note": words.get("recording_note", ""),
            "agenda": _agenda(words["agenda"], webinar["slug"]),
            "body": stream(words["body"], path=f"events/{webinar['slug']}", page_of=page_of),
        }

    page = publish_in_languages(model=WebinarPage, parent=parent, key=key, words=webinar["languages"], fields=fields)
    if webinar.get("join_link") and not JoinLink.objects.filter(translation_key=page.translation_key).exists():
        set_join_link(translation_key=page.translation_key, url=webinar["join_link"])
    return Event.objects.get(translation_key=page.translation_key)


def _agenda(items: list[dict[str, Any]], slug: str) -> str:
    return json.dumps(
        [
            {
                "type": "item",
                "id": str(content.key("agenda", slug, str(index))),
                "value": {
                    "minutes": item["minutes"],
                    "title": item["title"],
                    "speakers": item.get("speakers", ""),
                    "note": item.get("note", ""),
                },
            }
            for index, item in enumerate(items)
        ]
    )
