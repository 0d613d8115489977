"""Template tags of the look: addresses, languages and the drawn parts of a page."""

from urllib.parse import urljoin

from django import template
from django.conf import settings

from core import languages

register = template.Library()


@register.filter
def absolute(address: str) -> str:
    """Return the address with the site's own scheme and host; an absolute one comes back unchanged."""
    return urljoin(settings.BASE_URL, address or "/")


@register.filter
def direction(code: str) -> str:
    """Return "rtl" or "ltr" for a language code, so that a passage can say how it runs."""
    return languages.direction(code)


@register.filter
def has_session(request) -> bool:
    """Tell whether the visitor has a session cookie, without opening the session.

    Opening it would make the page one person's own, which the page cache must never keep.
    """
    return bool(request) and settings.SESSION_COOKIE_NAME in request.COOKIES
