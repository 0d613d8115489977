"""What may be answered from the page cache, and what may be kept in it: allow-lists on both sides."""

from functools import lru_cache
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from wagtail.models import get_page_models

from core import languages
from core.pagecache.marking import Mark, mark_of

# Headers by which a view may answer one address in different ways, or which say who asks.
SPEAKING_HEADERS = ("HTTP_HX_REQUEST", "HTTP_X_REQUESTED_WITH", "HTTP_AUTHORIZATION", "HTTP_RANGE")
KEPT_TYPES = ("text/html", "text/calendar", "application/rss+xml", "application/atom+xml", "application/xml")
FORBIDDEN_DIRECTIVES = ("private", "no-store", "no-cache")
LARGEST = 512 * 1024
LONGEST_PATH = 500
LONGEST_VALUE = 40
MOST_PARAMETERS = 3


def lookup_key(request: HttpRequest) -> str | None:
    """Return the key under which an answer to this request may be kept, or None when none may be.

    Reads nothing but the request line and headers, so that it costs next to nothing on the way to other addresses.
    """
    if request.method not in ("GET", "HEAD") or getattr(request, "is_dummy", False):
        return None
    path = request.path
    if len(path) > LONGEST_PATH or path.split("/", 2)[1] not in _codes():
        return None
    meta = request.META
    if any(name in meta for name in SPEAKING_HEADERS) or _is_personal(request):
        return None
    query = meta.get("QUERY_STRING", "")
    if query:
        query = _plain_query(query)
        if query is None:
            return None
    return f"{request.scheme}://{_host(request)}{path}?{query}"


def mark_to_keep(request: HttpRequest, response: HttpResponseBase) -> Mark | None:
    """Return the mark of an answer that may be kept, or None.

    Each line refuses one way in which something of one visitor could reach another.
    """
    mark = mark_of(request)
    if mark is None or request.method != "GET" or not _has_plain_body(response):
        return None
    if response.cookies or _touched(request) or _says_private(response):
        return None
    if not set(request.COOKIES) <= {settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME}:
        return None
    if not set(request.GET) <= mark.query:
        return None
    return mark


def _host(request: HttpRequest) -> str:
    # Unchecked: an entry exists only for a host that CommonMiddleware has let through.
    return str(request._get_raw_host().lower())  # type: ignore[attr-defined]


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(languages.codes())


@lru_cache(maxsize=1)
def _query_names() -> frozenset[str]:
    return frozenset().union(*(getattr(model, "cache_query", ()) for model in get_page_models()))


def _is_personal(request: HttpRequest) -> bool:
    if "HTTP_COOKIE" not in request.META:
        return False
    return settings.SESSION_COOKIE_NAME in request.COOKIES or CookieStorage.cookie_name in request.COOKIES


def _plain_query(query: str) -> str | None:
    """Return the query in one order, or None when a page may not be kept for it."""
    if len(query) > MOST_PARAMETERS * 3 * LONGEST_VALUE:
        return None
    lists = dict(QueryDict(query).lists())
    if len(lists) > MOST_PARAMETERS or not set(lists) <= _query_names():
        return None
    if any(len(values) != 1 or len(values[0]) > LONGEST_VALUE for values in lists.values()):
        return None
    return urlencode(sorted((name, values[0]) for name, values in lists.items()))


def _has_plain_body(response: HttpResponseBase) -> bool:
    return (
        response.status_code == 200
        and not response.streaming
        and "Content-Encoding" not in response
        and response.get("Content-Type", "").partition(";")[0] in KEPT_TYPES
        and isinstance(response, HttpResponse)
        and len(response.content) <= LARGEST
    )


def _touched(request: HttpRequest) -> bool:
    """Tell whether answering has used the session, made a form token or a script nonce, or shown a message."""
    session = getattr(request, "session", None)
    if session is not None and (session.accessed or session.modified):
        return True
    # Set whenever a token is made, even when the visitor had its cookie before.
    if request.META.get("CSRF_COOKIE_NEEDS_UPDATE") or getattr(request, "_csp_nonce", None):
        return True
    # A message both added and shown in one request leaves no cookie behind.
    messages = getattr(request, "_messages", None)
    return messages is not None and bool(messages.added_new or getattr(messages, "_loaded_data", None))


def _says_private(response: HttpResponseBase) -> bool:
    directives = response.get("Cache-Control", "").lower()
    if any(word in directives for word in FORBIDDEN_DIRECTIVES):
        return True
    vary = {name.strip().lower() for name in response.get("Vary", "").split(",") if name.strip()}
    return not vary <= {"accept-encoding"}
