"""The lasting address of an event, as mails and calendar entries bear it: it leads to the page that there is now."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import languages
from events import listing
from events.models import Event
from events.querysets import live_pages


@require_safe
@never_cache
def to_page(request: HttpRequest, key: UUID) -> HttpResponseRedirect:
    """Lead to the event's page in the reader's language, or to the one that speaks for it; 404 where there is none.

    The page of a mail may have been deleted, moved or given another slug since. One that is private by now asks
    itself who may read it.
    """
    event = Event.objects.filter(translation_key=key).first()
    if event is None:
        raise Http404
    language = languages.current()
    found = listing.pages_for([event], language) or listing.pages_for([event], language, among=live_pages())
    url = found[event.pk].get_url(request) if found else None
    if not url:
        raise Http404
    return HttpResponseRedirect(url)
