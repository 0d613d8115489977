"""Reads the demo content: words in several languages, facts with their source, dates relative to today."""

import json
import uuid
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core import clock

FOLDER = Path(__file__).resolve().parent / "content"
SOURCE = "en"
FRIDAY = 5
# Every key of demo content derives from this one, so that what was loaded can be found and removed.
NAMESPACE = uuid.UUID("6b1f1f0e-6d0c-5e0b-9d5e-0c1f7c0f6a11")


@lru_cache
def read(name: str) -> Any:
    """Return the content of one file of the demo, such as "webinars"."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def key(*parts: str) -> uuid.UUID:
    """Return the same identifier for the same thing on every machine."""
    return uuid.uuid5(NAMESPACE, "/".join(parts))


def moment(when: dict[str, Any]) -> datetime:
    """Return the moment that `days_from_today`, `time` and `timezone` describe, seen from the zone's own today.

    Nobody meets at a weekend: such a day gives way to the Monday after it, or to the Friday before it in the past.
    """
    zone = ZoneInfo(when["timezone"])
    day = clock.now().astimezone(zone).date() + timedelta(days=when["days_from_today"])
    while day.isoweekday() > FRIDAY:
        day += timedelta(days=1 if when["days_from_today"] > 0 else -1)
    return datetime.combine(day, time.fromisoformat(when["time"]), tzinfo=zone)
