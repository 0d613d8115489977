"""The list of events on their section page: coming ones, a page of the past, and how to narrow both."""

import re
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import dates
from core.models import Term
from events.listing import listed
from events.querysets import EventQuerySet

PAST_PER_PAGE = 12
MOST_COMING = 200
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
SLUG = re.compile(r"[-\w]{1,60}")


def programme(request: HttpRequest, events: EventQuerySet) -> dict[str, Any]:
    """Return the context of the list; at most seven statements, whatever the number of events."""
    chosen = {"format": _if_like(SLUG, request.GET.get("format")), "month": _if_like(MONTH, request.GET.get("month"))}
    narrowed = _narrow(events, chosen)
    coming = listed(narrowed.upcoming().select_related("format")[:MOST_COMING], request=request)
    past = Paginator(narrowed.past().select_related("format"), PAST_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "coming": coming,
        "past": listed(past.object_list, request=request),
        "past_page": past,
        "is_narrowed": any(chosen.values()),
        "filters": _filters(events, chosen),
        "clear_url": request.path if any(chosen.values()) else "",
    }


def _if_like(pattern: re.Pattern, text: str | None) -> str:
    return text if text and pattern.fullmatch(text) else ""


def _narrow(events: EventQuerySet, chosen: dict[str, str]) -> EventQuerySet:
    if chosen["format"]:
        events = events.filter(format__slug=chosen["format"])
    if chosen["month"]:
        events = events.with_month().filter(month=chosen["month"])
    return events


def _filters(events: EventQuerySet, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Return the choices for the filter bar; a bar that leaves no choice is not shown."""
    fields: list[dict[str, Any]] = [
        {"name": "format", "label": pgettext("event", "Format"), "all": _("All formats"), "options": _formats(events)},
        {"name": "month", "label": _("Month"), "all": _("All months"), "options": _months(events)},
    ]
    return [
        {**field, "value": chosen[field["name"]]}
        for field in fields
        if len(field["options"]) > 1 or chosen[field["name"]]
    ]


def _formats(events: EventQuerySet) -> list[tuple[str, str]]:
    terms = Term.objects.filter(pk__in=events.order_by().values("format")).order_by("order")
    return [(term.slug, term.label) for term in terms]


def _months(events: EventQuerySet) -> list[tuple[str, str]]:
    """Return the months of coming events, such as ("2026-12", "December 2026")."""
    found = events.upcoming().with_month().order_by("month").values_list("month", flat=True).distinct()
    return [(month, _name(month)) for month in found]


def _name(month: str) -> str:
    first = date.fromisoformat(f"{month}-01")
    return _("%(month)s %(year)s") % {"month": dates.month(first), "year": first.year}
