"""Whether it is still the same person: asked before what cannot be undone or taken back."""

from collections.abc import Callable
from functools import wraps

from allauth.account import app_settings
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import (
    get_reauthentication_flows,
    is_reauthentication_required,
)
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from core import clock

View = Callable[..., HttpResponse]


def recently_shown(view: View) -> View:
    """Let a view be reached only by whoever has confirmed in the last minutes that it is them.

    allauth asks for password or factor and then goes on. Whoever has neither signs in by mailed code, which allauth
    counts as confirmed for as long as the session lasts; a session left open would do, so here the code must be new.
    """
    asked_by_allauth = reauthentication_required(view)

    @wraps(view)
    def wrapped(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if get_reauthentication_flows(request.user) or _signed_in_lately(request):
            return asked_by_allauth(request, *args, **kwargs)
        return render(request, "accounts/sign_in_again.html", status=403)

    return wrapped


def needs_to_show(request: HttpRequest) -> bool:
    """Whether allauth would ask for password or factor now."""
    return is_reauthentication_required(request, app="")


def ask_and_lead_to(address: str) -> HttpResponse:
    """Ask for password or factor and lead to a page afterwards, rather than on with what was posted.

    For what answers with a file: the browser would save it and stay on the question.
    """
    query = urlencode({REDIRECT_FIELD_NAME: address})
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{query}")


def _signed_in_lately(request: HttpRequest) -> bool:
    since = clock.now().timestamp() - app_settings.REAUTHENTICATION_TIMEOUT
    return any(record.get("at", 0) > since for record in get_authentication_records(request, request.user))
