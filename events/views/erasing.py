"""A guest's way to be forgotten: asked for on their own page, confirmed from their own mailbox, by POST alone."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_http_methods

from accounts.services import erase_address
from core import personal
from core.views.signed import behind_token
from events import tokens
from events.models import Registration
from events.querysets import RegistrationQuerySet
from events.services import ask_to_erase, goes_with_account
from events.views.signed import UNKNOWN, by_token


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def ask(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Say what erasing means; a POST mails the link that does it. The answer is the same for whoever has an account."""
    if request.method == "POST":
        ask_to_erase(registration_id=registration.pk)
        return HttpResponseRedirect(f"{reverse('event_registration_erase', args=[token])}?asked", status=303)
    context = {
        "is_asked": "asked" in request.GET,
        "own_url": reverse("event_registration", args=[token]),
        "kinds": _kinds(),
    }
    return render(request, "events/erase_ask.html", context)


def _named(token: str) -> RegistrationQuerySet | None:
    """Return whom a link of ours names, nobody where it is used, replaced or too old; None for any other link."""
    try:
        known = tokens.read_erasure(token, lasts=settings.ERASURE_LINK_LASTS)
    except signing.SignatureExpired:
        return Registration.objects.none()
    if known is None:
        return None
    identifier, version = known
    # Erasing gives the row another identifier, new links another version, so that nothing mailed before leads to it.
    return Registration.objects.filter(uuid=identifier, token_version=version, erased_at=None)


@require_http_methods(["GET", "HEAD", "POST"])
@behind_token(find=_named, unknown=UNKNOWN)
def confirm(request: HttpRequest, token: str, named: RegistrationQuerySet) -> HttpResponse:
    """Ask once more; a POST erases everything about the address.

    A forged link is answered by 404, one that was used or replaced, or is older than a day, by 410.

    GDPR Article 17, for people without an account; whoever has one is led there, since it opens with more than a mail.
    """
    registration = named.first()
    if registration is None:
        return _over(request)
    with translation.override(registration.language):
        response = _confirm(request, registration)
    response["Content-Language"] = registration.language
    return response


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "events/erase_over.html", status=410)


def _confirm(request: HttpRequest, registration: Registration) -> HttpResponse:
    if goes_with_account(registration):
        return render(request, "events/erase_account.html", {"registration": registration}, status=409)
    if request.method != "POST":
        return render(request, "events/erase_confirm.html", {"kinds": _kinds(), "address": registration.email})
    erase_address(address=registration.email)
    return render(request, "events/erased.html", {"kinds": _kinds()})


def _kinds() -> list[Any]:
    """Return the kinds that a person without an account can have data of."""
    return [kind for kind in personal.kinds() if kind.erase is not None and kind.name != "account"]
