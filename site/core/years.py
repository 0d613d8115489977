"""The years in which anything is planned."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# A date in any other year is a slip, and at the ends of the calendar nothing can be reckoned any more.
YEARS = (2000, 2100)


def validate_year(day: date) -> None:
    """Refuse a day, or a time on one, that lies in no year for which anything is planned."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        years = {"first": YEARS[0], "last": YEARS[1]}
        raise ValidationError(_("Choose a year between %(first)s and %(last)s."), code="year", params=years)
