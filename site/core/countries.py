"""Countries and territories of ISO 3166-1, and Kosovo, with their names in each language (Unicode CLDR)."""

import re
from functools import lru_cache

from babel import Locale

from core import languages, text

# In CLDR but not in ISO 3166-1: groupings, exceptional reservations and codes for testing.
NOT_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
CODE = re.compile(r"[A-Z]{2}")


@lru_cache(maxsize=16)
def _names(language: str) -> dict[str, str]:
    names = Locale.parse(languages.in_cldr(language)).territories
    codes = [str(code) for code in names]
    return {code: str(names[code]) for code in codes if CODE.fullmatch(code) and code not in NOT_COUNTRIES}


@lru_cache(maxsize=16)
def choices(language: str) -> tuple[tuple[str, str], ...]:
    """Return (two-letter code, name) pairs in the alphabetical order of `language`."""
    return tuple(sorted(_names(language).items(), key=lambda item: text.sort_key(item[1])))


def name(code: str, language: str) -> str:
    """Return the country's name in `language`; an unknown code comes back as it is."""
    return _names(language).get(code, code)


def is_valid(code: str) -> bool:
    """Tell whether `code` is the two-letter code of a country or territory."""
    return code in _names("en")
