"""What a person's fields may hold; each refusal is one sentence that says what to do."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import countries, languages, timezones


def site_language(value: str) -> None:
    """Refuse a language that the site does not have."""
    if value not in languages.codes():
        raise ValidationError(_("Choose one of the languages in the list."), code="language")


def known_timezone(value: str) -> None:
    """Refuse what is not the name of an IANA time zone."""
    if not timezones.is_valid(value):
        raise ValidationError(_("Choose one of the time zones in the list."), code="timezone")


def known_country(value: str) -> None:
    """Refuse what is not the code of a country."""
    if value and not countries.is_valid(value):
        raise ValidationError(_("Choose one of the countries in the list."), code="country")
