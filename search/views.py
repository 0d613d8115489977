"""The search page: a GET that works without a script and is never indexed or kept."""

from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core import languages, limits
from search import question
from search.enums import Kind
from search.port import PER_PAGE, Results, engine


@require_safe
@cache_control(private=True, no_cache=True)
def search(request: HttpRequest) -> HttpResponse:
    """Show what was found, first in the reader's language; a question that cannot be asked gets one sentence."""
    raw = request.GET.get("q", "")
    context: dict[str, Any] = {"page_title": _("Search"), "raw": raw}
    try:
        asked = question.read(raw)
    except question.QuestionRefused as refusal:
        return _answer(request, {**context, "problem": refusal.sentence}, status=400)
    if asked is None:
        return _answer(request, context)
    limit = limits.Limit("search-network", settings.SEARCHES_PER_NETWORK_PER_MINUTE, 60)
    if limits.exceeded([(limit, limits.network(request))]):
        sentence = _("That was too often. Wait a minute, then search again.")
        return limits.slowed(_answer(request, {**context, "problem": sentence}), limit)
    return _answer(request, {**context, "raw": asked.words, **_found(request, asked)})


def _found(request: HttpRequest, asked: question.Question) -> dict[str, Any]:
    language = languages.current()
    kind = request.GET.get("kind", "")
    kind = kind if kind in Kind.values else ""
    results = engine().search(asked, language=language, kind=kind, page=_number(request), request=request)
    found: dict[str, Any] = {
        "page_title": _("Search: %(words)s") % {"words": asked.words},
        "asked": asked.words,
        "results": results,
        "own": [_shown(hit) for hit in results.hits if hit.language == language],
        "others": [_shown(hit) for hit in results.hits if hit.language != language],
        "kinds": _kinds(request, results, kind),
        "page_obj": _pages(results),
    }
    if not results.kinds:
        suggestions = engine().suggest(asked, language=language, request=request)
        found["suggested_words"] = suggestions.words
        found["suggested"] = [_shown(hit) for hit in suggestions.hits]
    return found


def _shown(hit: Any) -> dict[str, Any]:
    """Return the parameters of the component `search_result`."""
    return {
        "url": hit.url,
        "title": hit.title,
        "kind": Kind(hit.kind).label,
        "topic": hit.kind if hit.kind != Kind.SITE else "",
        "excerpt": hit.snippet,
        "language": hit.language,
    }


def _kinds(request: HttpRequest, results: Results, chosen: str) -> list[dict[str, Any]]:
    """Return the links that narrow the search, where there is more than one kind to choose from."""
    if len(results.kinds) < 2 and not chosen:
        return []
    counted = [("", _("All"), sum(results.kinds.values()))]
    counted += [(kind.value, kind.label, results.kinds[kind]) for kind in Kind if kind in results.kinds]
    return [
        {"label": label, "count": count, "url": _address(request, kind=slug), "is_current": slug == chosen}
        for slug, label, count in counted
    ]


def _address(request: HttpRequest, *, kind: str) -> str:
    query = request.GET.copy()
    for name in ("kind", "page"):
        query.pop(name, None)
    if kind:
        query["kind"] = kind
    return f"?{query.urlencode()}"


def _number(request: HttpRequest) -> int:
    """Return the page that is asked for; what is no number is the first."""
    asked = request.GET.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def _pages(results: Results) -> Page:
    return Paginator(range(results.total), PER_PAGE).page(results.page)


def _answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "search/search.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
