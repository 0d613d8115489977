"""The venue: where people meet when an event is not only online; one line, the same in every language."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import BIDI_CONTROLS

LONGEST = 200
# What ends a line or shows nothing, by its category: the venue stands in one line of a calendar file and of a mail.
_NOT_IN_A_LINE = {"Cc", "Cs", "Zl", "Zp"}


def validate_venue(venue: str) -> None:
    """Refuse line ends, control characters, and what turns the direction of the words around it."""
    if any(one in BIDI_CONTROLS or unicodedata.category(one) in _NOT_IN_A_LINE for one in venue):
        raise ValidationError(
            gettext_lazy("Write the venue on one line, without characters that cannot be seen."), code="venue"
        )


def in_words(venue: str) -> str:
    """Return the venue, or in the active language that there is none."""
    return venue or _("Online")


def mode_in_words(venue: str) -> str:
    """Return in the active language how people take part."""
    return _("Online and in person") if venue else _("Online")
