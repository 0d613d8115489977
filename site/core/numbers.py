"""Numbers as people write them in each language."""

from decimal import Decimal

from babel.numbers import format_decimal


def decimal(value: Decimal | int | float, language: str) -> str:
    """Return the number with the separators of `language`, without trailing zeros, such as "1 234,5"."""
    return format_decimal(value, locale=language)
