"""Dates, times and durations in the reader's own form, from CLDR and with Latin digits in every language.

Times are on the 24-hour clock everywhere: events cross time zones, and "9 o'clock" must never need a second thought.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from django.utils import timezone
from django.utils.translation import gettext as _

from core import languages, timezones

# British English: day before month, as in the other four languages.
_LOCALES = {"en": "en_GB"}
_SHORT_MONTH = re.compile(r"(?<!M)MMM(?!M)")


@lru_cache(maxsize=16)
def _locale(code: str) -> Locale:
    return Locale.parse(_LOCALES.get(code, languages.in_cldr(code)))


def _here() -> Locale:
    return _locale(languages.current())


def left_to_right(digits: str) -> str:
    """Return a date or time in digits so that its parts keep their order among words that run from the right.

    Between such words a reader would see "2026-11-22" as "22-11-2026" (UAX 9, rule W2).
    """
    return f"\u2066{digits}\u2069" if digits and languages.direction(languages.current()) == "rtl" else digits


def in_zone(moment: date | datetime, zone: str | None = None) -> date | datetime:
    """Return an aware moment on the clocks of an IANA zone, or of the active one; a bare date stays as it is."""
    if not isinstance(moment, datetime):
        return moment
    return moment.astimezone(ZoneInfo(zone) if zone else timezone.get_current_timezone())


def iso(moment: date | datetime) -> str:
    """Return the moment for machines, on its own clock: Django's `date` filter would move it to the active zone."""
    return moment.isoformat() if moment else ""


def iso_day(moment: date | datetime) -> str:
    """Return the day for machines, as the moment's own zone has it."""
    return f"{moment:%Y-%m-%d}" if moment else ""


def clock(moment: datetime) -> str:
    """Return hours and minutes, such as "15:00", as the moment's own zone shows them."""
    return f"{moment:%H:%M}"


def clock_range(start: datetime, end: datetime | None) -> str:
    """Return "15:00 to 16:30", or the start alone where no end is given."""
    if not end:
        return clock(start)
    return _("%(start)s to %(end)s") % {"start": clock(start), "end": clock(end)}


def clock_range_elsewhere(start: datetime, end: datetime | None, there: datetime) -> str:
    """Return the same where clocks show another time than `there`: the day comes first if that differs too."""
    # A line may end after the day, not between the clocks.
    clocks = clock_range(start, end).replace(" ", "\u00a0")
    if iso_day(start) == iso_day(there):
        return clocks
    return _("%(day)s, %(clocks)s") % {"day": day_and_month(start), "clocks": clocks}


def _in_words(moment: date | None, form: str) -> str:
    """Return a date in one of CLDR's forms; nothing for no date, for which Babel would write today's."""
    return format_date(moment, form, locale=_here()) if moment else ""


def _by_skeleton(moment: date | None, skeleton: str) -> str:
    return format_skeleton(skeleton, moment, locale=_here()) if moment else ""


def weekday(moment: date | None, *, short: bool = False) -> str:
    """Return the name of the day; Arabic has no usual short form, so it is always written out."""
    return _in_words(moment, "EEE" if short and languages.current() != "ar" else "EEEE")


def month(moment: date | None) -> str:
    """Return the name of the month as it stands alone."""
    return _in_words(moment, "LLLL")


def day(moment: date | None) -> str:
    """Return the date in words, such as "12 December 2026"."""
    return _in_words(moment, "long")


def full_day(moment: date | None) -> str:
    """Return the date in words with its weekday."""
    return _in_words(moment, "full")


def day_and_month(moment: date | None) -> str:
    """Return the date without its year, such as "12 December"."""
    return _by_skeleton(moment, "MMMMd")


def month_and_year(moment: date | None) -> str:
    """Return the month with its year, such as "May 2025"."""
    return _by_skeleton(moment, "yMMMM")


def day_range(start: date, end: date | None) -> str:
    """Return the days from start to end as the language writes them, naming once what they share: "3–30 May 2026"."""
    first, last = _day_of(start), _day_of(end or start)
    if first == last:
        return day(first)
    differs = "y" if first.year != last.year else "M" if first.month != last.month else "d"
    head, tail = _range_forms(_here(), differs)
    words = format_date(first, head, locale=_here()) + format_date(last, tail, locale=_here())
    # Beside a Latin name the two days would otherwise change places (UAX 9, rule W7).
    return f"\u2067{words}\u2069" if languages.direction(languages.current()) == "rtl" else words


def _range_forms(locale: Locale, differs: str) -> tuple[str, str]:
    """Return CLDR's forms of both ends where day, month or year differs, with the month in full.

    Most languages have them with the short month, to be lengthened (UTS 35, intervalFormats), as Babel does not.
    """
    forms = locale.interval_formats
    head, tail = (forms.get("yMMMMd") or forms["yMMMd"])[differs]
    return _SHORT_MONTH.sub("MMMM", head), _SHORT_MONTH.sub("MMMM", tail)


def _day_of(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def duration(minutes: int) -> str:
    """Return minutes as hours and minutes, such as "5 h 20 min"."""
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


def whose_clocks() -> str:
    """Return one sentence that names the active time zone, for pages whose times bear none."""
    return _("All times are those of %(zone)s.") % {"zone": zone_city(timezone.get_current_timezone_name())}


def zone_city(zone: str) -> str:
    """Return the city that stands for an IANA zone, in the reader's language, such as "Brussels"."""
    return timezones.city(zone, languages.current()) if zone else ""
