"""Outermost of all: gives each request its id and measures how long its answer took."""

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core import counting, requestid

REQUESTS = "gkec_http_request_duration_seconds"


class WatchingMiddleware:
    """The answer carries X-Request-ID; a proxy's own id is kept where it is sound."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = requestid.sound(request.META.get("HTTP_X_REQUEST_ID", ""))
        token = requestid.begin(request_id)
        try:
            response = self.get_response(request)
        finally:
            requestid.end(token)
        response.headers[requestid.HEADER] = request_id
        if counting.is_on():
            status = f"{response.status_code // 100}xx"
            counting.observe(REQUESTS, _route(request), status, seconds=time.perf_counter() - started)
        return response


def _route(request: HttpRequest) -> str:
    """Return the name of the route, never the path: paths hold tokens, and there are too many of them."""
    match = getattr(request, "resolver_match", None)
    # What was answered before any route was looked for: kept pages and static files.
    return (match.view_name or "unnamed") if match else "unrouted"
