"""Whether it is still the same person: asked before what cannot be undone or taken back."""

from collections.abc import Callable
from functools import wraps

from allauth.account import app_settings
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

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


def _signed_in_lately(request: HttpRequest) -> bool:
    since = clock.now().timestamp() - app_settings.REAUTHENTICATION_TIMEOUT
    return any(record.get("at", 0) > since for record in get_authentication_records(request, request.user))
