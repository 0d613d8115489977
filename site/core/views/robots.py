"""What programs read: robots.txt, the sitemap, and whom to tell about a weakness."""

from datetime import UTC, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock, languages
from core import sitemap as pages

# Personal or endless: signed links, accounts, searches, the admin.
CLOSED = ("/admin/", "/documents/", "/join/", "/learn/", "/registration/", "/_/", "/_util/")
CLOSED_BY_LANGUAGE = ("account/", "my/", "search/", "_util/")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots what is of no use to them, and where the sitemap is."""
    closed = [*CLOSED, *(f"/{code}/{path}" for code in languages.codes() for path in CLOSED_BY_LANGUAGE)]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {settings.BASE_URL}/sitemap.xml"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List every public page with its languages."""
    context = {"entries": pages.entries(), "base": settings.BASE_URL}
    return render(request, "sitemap.xml", context, content_type="application/xml")


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Say whom to tell about a weakness (RFC 9116)."""
    # Renewed each month, so that readers may trust it for the year it promises.
    month = clock.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {(month + timedelta(days=365)).strftime('%Y-%m-%dT%H:%M:%SZ')}",
        f"Preferred-Languages: {', '.join(languages.codes())}",
        f"Canonical: {settings.BASE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
