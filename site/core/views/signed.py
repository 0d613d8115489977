"""Pages behind a signed address: found by their token, kept by nobody, told to nobody."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import limits

View = Callable[..., HttpResponse]
# Nobody types such an address by hand: many wrong ones are somebody's guesses, whichever door they try.
GUESSES = limits.Limit("signed-guesses", settings.WRONG_LINKS_PER_NETWORK_PER_HOUR, 3600)
HEADERS = {
    "Cache-Control": "private, no-store",
    # With "no-referrer" a browser sends "Origin: null" with the page's own forms, which the CSRF check refuses.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


def behind_token(
    *, find: Callable[[str], Any], unknown: str, context: Mapping[str, Any] | None = None
) -> Callable[[View], View]:
    """Give a view what `find` finds by the token of its address; where that is None, show the page `unknown`, with 404.

    So whoever guesses learns nothing, and soon has to wait. Neither caches nor search engines keep the answer, and the
    address is never told to other sites.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            found = find(token)
            response = _unknown(request, unknown, context) if found is None else view(request, token, found)
            for name, value in HEADERS.items():
                response[name] = value
            return response

        return wrapped

    return decorate


def _unknown(request: HttpRequest, page: str, context: Mapping[str, Any] | None) -> HttpResponse:
    if limit := limits.exceeded([(GUESSES, limits.network(request))]):
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(limit.seconds)
        return response
    return render(request, page, context, status=404)
