"""The outermost middleware: answers from the page cache, and keeps what may be kept."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control

from core import epochs
from core.pagecache import store
from core.pagecache.entry import Entry
from core.pagecache.policy import lookup_key, mark_to_keep


class PageCacheMiddleware:
    """Stands before everything else, so that a kept page costs neither session nor routing nor template."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = lookup_key(request)
        if key is None:
            return self._uncached(request)
        if entry := store.local.peek(key):
            return entry.response(request)
        entry, epoch = store.read(key)
        if entry:
            store.remember(key, entry)
            return entry.response(request)
        epochs.begin(request, epoch)
        return self._first(request, key, epoch)

    def _first(self, request: HttpRequest, key: str, epoch: str | None) -> HttpResponseBase:
        response = self.get_response(request)
        mark = mark_to_keep(request, response)
        if mark is None or not isinstance(response, HttpResponse):
            return response
        entry = Entry.of(response)
        if epoch and store.write(key, entry, mark=mark, epoch=epoch):
            store.remember(key, entry)
        return entry.response(request)

    def _uncached(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "Cache-Control" not in response:
            # No proxy on the way may give one person's page to another.
            patch_cache_control(response, private=True)
        return response
