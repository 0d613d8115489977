"""The door through which a provider tells what became of mail: anymail's own views, behind a secret."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def reports(request: HttpRequest, provider: str) -> HttpResponse:
    """Let anymail read the notice; without ANYMAIL_WEBHOOK_SECRET there is no door, since anybody could call."""
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        found = resolve(f"/{provider}/tracking/", urlconf="anymail.urls")
    except Resolver404:
        raise Http404 from None
    return found.func(request, *found.args, **found.kwargs)
