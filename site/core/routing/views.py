"""The view behind every page's address."""

from django.http import HttpRequest, HttpResponse
from wagtail import views

from core.routing.route import route


def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Find the page our way, then let Wagtail's own view serve it with all its hooks."""
    # The name under which Wagtail keeps a request's route (Page.route_for_request).
    request._wagtail_route_for_request = route(request, path)
    return views.serve(request, path)
