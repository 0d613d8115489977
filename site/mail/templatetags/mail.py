"""What mail templates need beyond Django's own tags."""

from django import template

from mail import headers

register = template.Library()

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


@register.filter(is_safe=False)
def isolate(value: object) -> str:
    """Put words of a person's own on one line, in an isolate of their own direction; for plain text mails.

    The HTML side does the same with `<bdi>`. Direction characters in the words are dropped, so they cannot end it.
    """
    return f"{_FIRST_STRONG_ISOLATE}{headers.clean(str(value))}{_POP_ISOLATE}" if value else ""
