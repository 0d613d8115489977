"""What the home page shows of events, courses and cities at this moment, as plain values for components."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import worldmap
from events.coming import coming
from events.listing import EventRow
from learning.display import CourseCard, course_cards
from municipalities.models import LocalGovernment


def coming_events(language: str, count: int, request: HttpRequest | None = None) -> list[EventRow]:
    """Return the next events, each once, in `language` or else in the best language there is."""
    return coming(count, language=language, request=request)


def courses(language: str, count: int, request: HttpRequest | None = None) -> list[CourseCard]:
    """Return the newest courses, each once, in `language` or else in their source language."""
    return course_cards(language=language, request=request, limit=count, newest_first=True)


def city_map() -> dict[str, Any]:
    """Return title, dots and legend of the map of local governments; one statement."""
    labelled, pilots, others = _("EU Mission Label"), _("UP2030 pilot"), _("other cities")
    legend = {
        "green": {"tone": "green", "label": labelled, "count": 0},
        "sun": {"tone": "sun", "label": pilots, "count": 0},
        "clay": {"tone": "clay", "label": others, "count": 0},
    }
    places = []
    for city in LocalGovernment.objects.listed().on_map():
        tone = "green" if city.label_date else "sun" if city.is_up2030_pilot else "clay"
        legend[tone]["count"] += 1
        places.append(
            {
                "latitude": float(city.latitude),
                "longitude": float(city.longitude),
                "tone": tone,
                "name": city.display_name,
            }
        )
    return {
        "title": _("Map of %(count)s local governments") % {"count": len(places)},
        "dots": worldmap.dots(places),
        "legend": [entry for entry in legend.values() if entry["count"]],
    }
