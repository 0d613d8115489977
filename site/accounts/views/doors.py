"""Doors that lead to allauth's pages: none of them opens a session, whatever is posted to it."""

from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.logout import logout
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, get_language_from_path, override
from django.views.decorators.cache import never_cache

from accounts import rules
from accounts.middleware import needs_no_second_factor


@needs_no_second_factor
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Lead a visitor to allauth's sign-in, and somebody signed in to where they may go."""
    destination = safe_destination(request)
    if request.user.is_authenticated:
        return _already_in(request, destination)
    with override(_language(request, destination)):
        address = reverse("account_login")
    query = f"?{urlencode({REDIRECT_FIELD_NAME: destination})}" if destination else ""
    return HttpResponseRedirect(address + query)


@needs_no_second_factor
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out on POST; on GET lead to the page that asks."""
    if request.method != "POST":
        with override(_language(request, "")):
            return HttpResponseRedirect(reverse("account_logout"))
    logout(request)
    return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


@needs_no_second_factor
@never_cache
def reset_password(request: HttpRequest) -> HttpResponse:
    """Lead to allauth's reset, which keeps the second factor."""
    with override(_language(request, "")):
        return HttpResponseRedirect(reverse("account_reset_password"))


def safe_destination(request: HttpRequest) -> str:
    """Return where the visitor wanted to go, if that is an address on this site; else an empty string."""
    destination = request.GET.get(REDIRECT_FIELD_NAME, "")
    here = url_has_allowed_host_and_scheme(
        destination, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return destination if here and urlsplit(destination).path.startswith("/") else ""


def _already_in(request: HttpRequest, destination: str) -> HttpResponse:
    # Sending everyone on would turn those without the right in circles: they came from there.
    into_admin = urlsplit(destination).path.startswith(reverse("wagtailadmin_home"))
    if not destination or (into_admin and rules.can_reach_admin(request.user)):
        return HttpResponseRedirect(destination or resolve_url(settings.LOGIN_REDIRECT_URL))
    with override(_language(request, destination)):
        return render(request, "accounts/not_yours.html", {"destination": destination}, status=403)


def _language(request: HttpRequest, destination: str) -> str:
    named = get_language_from_path(urlsplit(destination).path) or get_language_from_path(request.path_info)
    theirs = request.user.language if request.user.is_authenticated else ""
    return named or theirs or get_language() or settings.LANGUAGE_CODE
