"""Pages behind a signed address: found by their token, kept by nobody, told to nobody."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import limits
from newsletter import tokens
from newsletter.models import Subscriber

View = Callable[..., HttpResponse]
# Nobody types such an address by hand: many wrong ones are somebody's guesses.
GUESSES = limits.Limit("signed-guesses", settings.WRONG_LINKS_PER_NETWORK_PER_HOUR, 3600)
HEADERS = {
    "Cache-Control": "private, no-store",
    # With "no-referrer" a browser sends "Origin: null" with the page's own forms, which the CSRF check refuses.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


def by_token(purpose: tokens.Purpose) -> Callable[[View], View]:
    """Find the subscriber of a signed address: None where the address is ours and nobody stands behind it any more.

    A forged token and one that is too old get the same 404.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            identifier = tokens.read(token, purpose)
            if identifier is None:
                response = _unknown(request, purpose)
            else:
                response = view(request, token, Subscriber.objects.filter(uuid=identifier).first())
            for name, value in HEADERS.items():
                response[name] = value
            return response

        return wrapped

    return decorate


def _unknown(request: HttpRequest, purpose: tokens.Purpose) -> HttpResponse:
    if limit := limits.exceeded([(GUESSES, limits.network(request))]):
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(limit.seconds)
        return response
    context = {"may_be_old": purpose in tokens.LASTS}
    return render(request, "newsletter/link_unknown.html", context, status=404)
