"""What mail templates need beyond Django's own tags."""

from django import template

from core import languages
from mail import isolates

register = template.Library()


@register.filter(is_safe=False)
def isolate(value: object) -> str:
    """Put words of a person's own on one line, in an isolate of their own direction; for plain text mails.

    The HTML side does the same with `<bdi>`. Direction characters in the words are dropped, so they cannot end it.
    """
    return isolates.isolate(value)


@register.filter(is_safe=False)
def enclose(value: str) -> str:
    """Put a paragraph into which isolated words were filled in an isolate of its own; for plain text mails."""
    return isolates.enclose(value)


@register.filter(is_safe=False)
def colon(label: object) -> str:
    """Put a colon after a label of a plain text mail, and in French the gap that goes before it."""
    return languages.with_colon(label)
