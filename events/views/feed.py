"""The public calendar of events."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core import languages
from events import calendars, ics


@require_safe
@cache_control(public=True, max_age=300)
def calendar(request: HttpRequest) -> HttpResponse:
    """Send the events of the last year and all coming ones, in the language of the address; no meeting links."""
    response = HttpResponse(calendars.public_feed(languages.current()), content_type=ics.PUBLISHED)
    response["Content-Disposition"] = 'inline; filename="gkec-events.ics"'
    return response
