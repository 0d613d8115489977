"""Whose clocks a public page shows beside the event's own, and that such a page is nobody else's."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core import timezones

CHOSEN = "tz"
# What an account has whose owner never chose one; a script knows better.
NOT_CHOSEN = "UTC"


def chosen_zone(request: HttpRequest) -> str:
    """Return the zone that the address asks for (`?tz=Asia/Kolkata`), or nothing; no answer to such one is kept."""
    asked = request.GET.get(CHOSEN, "")
    return timezones.canonical(asked) if timezones.is_valid(asked) else ""


def clocks(request: HttpRequest) -> dict[str, Any]:
    """Return the reader's zone where it is known, and a key under which parts that show times may be kept.

    The key is None where a zone is known: what is kept is read by others, and shows the event's own zone alone.
    """
    zone = chosen_zone(request) or _zone_of_account(request)
    return {"viewer_timezone": zone, "kept_zone": None if zone else ""}


def _zone_of_account(request: HttpRequest) -> str:
    # Without the cookie nobody is signed in, and asking would open a session.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    person = getattr(request, "user", None)
    zone = person.timezone if person is not None and person.is_authenticated else ""
    return "" if zone == NOT_CHOSEN else zone
