"""Numbers as people write them in each language."""

from decimal import Decimal

from babel.numbers import format_decimal, format_percent

from core import languages


def decimal(value: Decimal | int | float, language: str) -> str:
    """Return the number with the separators of `language`, without trailing zeros, such as "1 234,5"."""
    written = format_decimal(value, locale=languages.in_cldr(language))
    if language == "es":
        # CLDR sets points, which Spanish has given up: gaps, and none in numbers of four figures.
        return written.replace(".", "\u00a0" if abs(float(value)) >= 10_000 else "")
    return written


def percent(value: int, language: str) -> str:
    """Return so many per cent as `language` writes them: "87%" in English, with a gap in French."""
    return format_percent(value / 100, locale=languages.in_cldr(language))
