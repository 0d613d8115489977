"""Passwords of private pages and documents: Wagtail's own forms, behind a limit on guessing."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from wagtail import views as pages
from wagtail.documents.views import serve as documents

from core import limits

PER_NETWORK = limits.Limit("password-network", settings.PASSWORD_TRIES_PER_NETWORK_PER_HOUR, 3600)
# Many networks at once may guess at one password, which has no account that could be warned.
PER_PASSWORD = limits.Limit("password", settings.PASSWORD_TRIES_PER_PASSWORD_PER_HOUR, 3600)


def of_page(request: HttpRequest, page_view_restriction_id: int, page_id: int) -> HttpResponse:
    """Show the form of a private page, or take a password of at most so many tries an hour."""
    subject = f"page {page_view_restriction_id}"
    return _limited(request, subject, pages.authenticate_with_password, page_view_restriction_id, page_id)


def of_document(request: HttpRequest, restriction_id: int) -> HttpResponse:
    """Show the form of a private document, or take a password of at most so many tries an hour."""
    return _limited(request, f"document {restriction_id}", documents.authenticate_with_password, restriction_id)


def _limited(request: HttpRequest, subject: str, view: Callable[..., HttpResponse], *args: Any) -> HttpResponse:
    if request.method == "POST":
        limit = limits.exceeded([(PER_NETWORK, limits.network(request)), (PER_PASSWORD, subject)])
        if limit:
            response = render(request, "429.html", status=429)
            response["Retry-After"] = str(limit.seconds)
            return response
    return view(request, *args)
