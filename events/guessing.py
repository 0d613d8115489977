"""Guesses about a visitor, for fields that they can change: never more than a prefilled answer."""

import re
from collections import defaultdict
from functools import lru_cache
from importlib.resources import files

from django.http import HttpRequest

from events.viewing import chosen_zone

REGION = re.compile(r"\b[A-Za-z]{2,3}-([A-Z]{2})\b")


def timezone(request: HttpRequest, *, otherwise: str) -> str:
    """Return the zone a visitor probably lives in: the one in the address, their country's only one, or `otherwise`."""
    if chosen := chosen_zone(request):
        return chosen
    region = REGION.search(request.headers.get("Accept-Language", "")[:200])
    zones = _zones_by_country().get(region[1], ()) if region else ()
    return zones[0] if len(zones) == 1 else otherwise


@lru_cache(maxsize=1)
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    found: dict[str, list[str]] = defaultdict(list)
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _where, zone = line.split("\t")[:3]
            found[country].append(zone)
    return {country: tuple(zones) for country, zones in found.items()}
