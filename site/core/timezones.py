"""Time zones of the IANA database, named by their city in each language (Unicode CLDR)."""

from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from babel.core import Locale, get_global
from babel.dates import get_timezone_location
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import clock, languages, text

# Present in some copies of the database, but places of no one.
NOT_PLACES = frozenset({"Factory", "localtime"})


@lru_cache(maxsize=1)
def _valid() -> frozenset[str]:
    return frozenset(available_timezones()) - NOT_PLACES


@lru_cache(maxsize=1)
def _listed() -> frozenset[str]:
    """Return UTC and the zones of zone.tab: one for each place whose clocks ever differed, without old names."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return frozenset({"UTC", *(row[2] for row in rows)}) & _valid()


@lru_cache(maxsize=1)
def _by_cldr_name() -> dict[str, str]:
    aliases = get_global("zone_aliases")
    return {aliases.get(name, name): name for name in sorted(_listed())}


def is_valid(name: str) -> bool:
    """Tell whether `name` is a zone of the IANA database, old names included."""
    return name in _valid()


def validate(name: str) -> None:
    """Refuse a name that is no zone of the IANA database."""
    if not is_valid(name):
        raise ValidationError(_("Choose a time zone from the list."), code="timezone")


def canonical(name: str) -> str:
    """Return the listed name of a zone: browsers say "Asia/Calcutta" where the list has "Asia/Kolkata".

    A zone that is not listed, such as "Etc/GMT-3", comes back as it is.
    """
    if name in _listed():
        return name
    return _by_cldr_name().get(get_global("zone_aliases").get(name, name), name)


@lru_cache(maxsize=1)
def _old_names() -> dict[str, list[str]]:
    """Return the names that each zone had before."""
    old: dict[str, list[str]] = {}
    for alias, name in sorted(get_global("zone_aliases").items()):
        old.setdefault(name, []).append(alias)
    return old


@lru_cache(maxsize=4096)
def city(name: str, language: str) -> str:
    """Return what a zone is called after, such as "Bruxelles"."""
    if name == "UTC":
        return "UTC"
    if name.startswith("Etc/"):
        return name.removeprefix("Etc/")
    # CLDR keeps what it has translated under the name that a zone had first: "Asia/Calcutta".
    locale = Locale.parse(languages.in_cldr(language))
    cities = locale.time_zones
    for spelling in (name, *_old_names().get(name, ())):
        if found := cities.get(spelling, {}).get("city"):
            return str(found)
    return get_timezone_location(name, locale=locale, return_city=True).rpartition("/")[2]


def offset(name: str, moment: datetime) -> str:
    """Return a zone's difference from UTC at an aware moment, such as "UTC+5:30" or "UTC"."""
    minutes = round((moment.astimezone(ZoneInfo(name)).utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02d}' if rest else ''}"


def label(name: str, language: str, *, at: datetime | None = None) -> str:
    """Return city and difference from UTC at `at` (now if left out), such as "Brussels (UTC+1)"."""
    place, difference = city(name, language), offset(name, at or clock.now())
    return place if place == difference else f"{place} ({difference})"


def choices(language: str) -> tuple[tuple[str, str], ...]:
    """Return (name, label) pairs in the alphabetical order of `language`, with today's differences from UTC."""
    return _choices(language, clock.now().replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=32)
def _choices(language: str, hour: datetime) -> tuple[tuple[str, str], ...]:
    labels = ((name, label(name, language, at=hour)) for name in _listed())
    return tuple(sorted(labels, key=lambda item: (text.sort_key(item[1]), item[0])))
