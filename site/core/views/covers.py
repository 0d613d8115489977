"""The drawings of pages, computed on request and kept by every cache on the way."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core import covers

YEAR = 365 * 24 * 3600


@require_safe
@cache_control(public=True, max_age=YEAR, immutable=True)
def cover(request: HttpRequest, topic: str, key: str) -> HttpResponse:
    """Answer with the cover of a topic and key; any short key has one, an unknown topic has none."""
    if topic not in covers.HUES or len(key) > covers.LONGEST_KEY:
        raise Http404
    response = HttpResponse(covers.svg(topic, key), content_type="image/svg+xml")
    # The drawing styles itself; opened by itself it must be allowed to, and nothing else.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response
