"""Numbers as people write them in each language."""

from decimal import Decimal

from babel.numbers import format_decimal, format_percent


def decimal(value: Decimal | int | float, language: str) -> str:
    """Return the number with the separators of `language`, without trailing zeros, such as "1 234,5"."""
    return format_decimal(value, locale=language)


def percent(value: int, language: str) -> str:
    """Return so many per cent as `language` writes them: "87%" in English, with a gap in French."""
    return format_percent(value / 100, locale=language)
