"""Pages behind a signed address: found by their token, in the person's language, kept by nobody, told to nobody."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from core import limits
from events import tokens
from events.models import Registration

View = Callable[..., HttpResponse]
# Nobody types such an address by hand: many wrong ones are somebody's guesses.
GUESSES = limits.Limit("signed-guesses", settings.WRONG_LINKS_PER_NETWORK_PER_HOUR, 3600)


def by_token(view: View | None = None, *, salt: str = tokens.SALT) -> Callable:
    """Find the registration of a signed address and show everything in the person's own language.

    A forged token and one that was replaced get the same 404, one whose event is long over 410. Nothing is kept by
    caches or search engines, and the address is never told to other sites.
    """
    if view is None:
        return lambda view: by_token(view, salt=salt)

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        registration = _registration(token, salt)
        if registration is None:
            response = _unknown(request)
        else:
            with translation.override(registration.language):
                if registration.is_expired:
                    response = render(request, "events/link_expired.html", status=410)
                else:
                    response = view(request, token, registration)
            response["Content-Language"] = registration.language
        response["Cache-Control"] = "private, no-store"
        # With "no-referrer" a browser sends "Origin: null" with the page's own forms, which the CSRF check refuses.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return wrapped


def _unknown(request: HttpRequest) -> HttpResponse:
    if limit := limits.exceeded([(GUESSES, limits.network(request))]):
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(limit.seconds)
        return response
    return render(request, "events/link_unknown.html", status=404)


def _registration(token: str, salt: str) -> Registration | None:
    read = tokens.read(token, salt=salt)
    if read is None:
        return None
    identifier, version = read
    found = Registration.objects.with_place().select_related("event__format", "event__source_locale")
    return found.filter(uuid=identifier, token_version=version).first()
