"""Pages behind the signed address of a registration, in the person's own language."""

from collections.abc import Callable
from functools import partial, wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from core.views.signed import View, behind_token
from events import tokens
from events.models import Registration

UNKNOWN = "events/link_unknown.html"


def by_token(view: View | None = None, *, salt: str = tokens.SALT) -> Callable:
    """Find the registration of a signed address and show everything in the person's own language.

    A forged token and one that was replaced get the same 404, one whose event is long over 410.
    """
    if view is None:
        return lambda view: by_token(view, salt=salt)

    @wraps(view)
    def in_own_language(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
        with translation.override(registration.language):
            if registration.is_expired:
                response = render(request, "events/link_expired.html", status=410)
            else:
                response = view(request, token, registration)
        response["Content-Language"] = registration.language
        return response

    return behind_token(find=partial(_registration, salt=salt), unknown=UNKNOWN)(in_own_language)


def _registration(token: str, salt: str) -> Registration | None:
    read = tokens.read(token, salt=salt)
    if read is None:
        return None
    identifier, version = read
    found = Registration.objects.with_place().select_related("event__format", "event__source_locale")
    return found.filter(uuid=identifier, token_version=version).first()
