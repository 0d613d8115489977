"""What tests of the staff's screens of events share: addresses, what a page says, what an editor types."""

from typing import Any

from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.factories import events as make


def body(answer: Any) -> str:
    """Return a page on one line."""
    return " ".join(answer.content.decode().split())


def url(name: str, *args: object) -> str:
    """Return the address of a screen of events."""
    return reverse(f"events_{name}", args=args)


def filled(**fields: object) -> dict[str, object]:
    """Return what the form of a reminder posts."""
    given = {"amount": 2, "unit": "days", "side": "before", "anchor": "start", "clock_time": "09:00"}
    return {**given, "audience": "confirmed", **fields}


def typed(**fields) -> dict[str, str]:
    """Return what the editor's form posts."""
    lists = {"spoken_languages": fields.pop("spoken_languages", ["en", "fr"])}
    return lists | nested_form_data(
        {
            "title": "Starting a city climate budget",
            "slug": "climate-budget",
            "summary": "",
            "format": str(make.term("event-format", "webinar").pk),
            "host": "City of Oslo",
            "body": streamfield([]),
            "timezone": "Europe/Brussels",
            "starts_at": "2027-12-12 15:00",
            "ends_at": "2027-12-12 16:30",
            "join_link": "https://meet.example/secret",
            "capacity": "50",
            "waiting_list": "on",
            "registration_opens_at": "",
            "registration_closes_at": "2027-12-11 23:59",
            "agenda": streamfield([("item", {"minutes": "0", "title": "Welcome", "speakers": "", "note": ""})]),
            "recording_note": "",
            "seo_title": "",
            "search_description": "",
            "sharing_image": "",
            **fields,
        }
    )
