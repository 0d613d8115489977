"""Where it is day when an event begins: the hours around it in four parts of the world."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import dates

# One zone stands for each part: where most of its invited cities are awake together.
REGIONS = (
    (gettext_lazy("Americas"), "America/Bogota"),
    (gettext_lazy("Europe and Africa"), "Europe/Brussels"),
    (gettext_lazy("South Asia"), "Asia/Kolkata"),
    (gettext_lazy("East Asia and Pacific"), "Asia/Tokyo"),
)
HOURS = 24


def part_of_day(hour: int) -> str:
    """Return "day", "edge" (early or late, when some may still come) or "night" for an hour from 0 to 23."""
    if 8 <= hour < 20:
        return "day"
    return "edge" if 6 <= hour < 23 else "night"


def _word(part: str) -> str:
    return {"day": _("day"), "edge": _("early or late"), "night": _("night")}[part]


def _bands(start: datetime, zone: ZoneInfo) -> list[dict]:
    """Return the day around `start`, twelve hours each way, as runs of hours of one kind."""
    first = start - timedelta(hours=HOURS // 2)
    bands: list[dict] = []
    for step in range(HOURS):
        part = part_of_day((first + timedelta(hours=step)).astimezone(zone).hour)
        if bands and bands[-1]["part"] == part:
            bands[-1]["width"] += 1
        else:
            bands.append({"part": part, "x": step, "width": 1})
    return bands


def rows(start: datetime) -> list[dict]:
    """Return one row for each part of the world: its label, city, time of start, word for it, and bands of hours.

    Bands count hours from twelve before the start; the start itself stands in the middle of every row.
    """
    found = []
    for label, name in REGIONS:
        zone = ZoneInfo(name)
        local = start.astimezone(zone)
        part = part_of_day(local.hour)
        found.append(
            {
                "label": str(label),
                "city": dates.zone_city(name),
                "time": dates.clock(local),
                "part": part,
                "word": _word(part),
                "bands": _bands(start, zone),
            }
        )
    return found
