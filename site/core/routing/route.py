"""At most two statements: which pages stand on the path, kept for an epoch, then the page itself."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import Http404, HttpRequest
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from core import epochs, locales
from core.routing import fetching
from core.routing.roots import Root, root_for

# Served by the index of migration 0002. An alias counts as restricted, since Wagtail then asks its source too.
STATEMENT = """
    SELECT page.id, page.content_type_id, page.url_path, page.path,
           page.alias_of_id IS NOT NULL
           OR EXISTS (SELECT 1 FROM wagtailcore_pageviewrestriction AS r WHERE r.page_id = page.id)
    FROM wagtailcore_page AS page
    WHERE page.url_path = ANY(%s)
    ORDER BY page.path
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One page on the way from the tree's root to the wanted page."""

    pk: int
    content_type_id: int
    url_path: str
    path: str
    is_restricted: bool

    @property
    def model(self) -> type[Page] | None:
        """The page's model, or None when the code no longer has it."""
        return ContentType.objects.get_for_id(self.content_type_id).model_class()

    @property
    def routes_itself(self) -> bool:
        """Whether the page decides what lies beneath it, as routable pages do."""
        return self.model is None or self.model.route is not Page.route


def known_public(page: Page) -> bool:
    """Tell whether routing has seen that neither the page nor any page above it is private or an alias."""
    return getattr(page, "_routed_as_public", False)


def route(request: HttpRequest, path: str) -> RouteResult | None:
    """Return the page for a path behind the language prefix, with its arguments, as `Page.route_for_request` would.

    None means that nothing live answers. Sets the request's site as Wagtail does.
    """
    root = root_for(request)
    if root is None:
        request._wagtail_site = None
        return None
    request._wagtail_site = root.site
    request._wagtail_cached_site_root_paths = root.paths
    components = [component for component in path.split("/") if component]
    steps = _steps(request, root.url_path, components)
    start = _start(steps, root)
    try:
        if start is None:
            return _as_wagtail(root, request, components)
        return _from(steps, start, request, components[start - _depth(root) :])
    except Http404:
        return None


def _steps(request: HttpRequest, root_path: str, components: list[str]) -> list[Step]:
    """Return the pages that stand on the path, from the tree's root downwards."""
    prefixes = ["/"]
    for part in [*root_path.strip("/").split("/"), *components]:
        if part:
            prefixes.append(f"{prefixes[-1]}{part}/")
    address = prefixes[-1]

    def leads_to_page(steps: list[Step]) -> bool:
        # What lies beneath pages has no end, and would drive out everything else.
        return bool(steps) and steps[-1].url_path == address

    return epochs.kept(request, ("steps", address), lambda: _read(prefixes), worth=leads_to_page)


def _read(prefixes: list[str]) -> list[Step]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [prefixes])
        return [Step(*row) for row in cursor.fetchall()]


def _depth(root: Root) -> int:
    return len([part for part in root.url_path.split("/") if part])


def _start(steps: list[Step], root: Root) -> int | None:
    """Return the index of the page to route from, or None when the tree's addresses are not in order.

    That is the deepest page of the path, unless one between it and the site's root routes for itself.
    """
    depth = _depth(root)
    if len(steps) <= depth or steps[depth].url_path != root.url_path:
        return None
    for number, (upper, lower) in enumerate(pairwise(steps), start=1):
        is_child = lower.path.startswith(upper.path) and len(lower.path) == Page.steplen * (number + 1)
        if not is_child or not lower.url_path.startswith(upper.url_path):
            return None
    for index in range(depth, len(steps) - 1):
        if steps[index].routes_itself:
            return index
    return len(steps) - 1


def _from(steps: list[Step], start: int, request: HttpRequest, remaining: list[str]) -> RouteResult:
    step = steps[start]
    if remaining and start == len(steps) - 1 and not step.routes_itself:
        # Its own routing would look for a child that the statement has not found.
        raise Http404
    model = step.model or Page
    result = _result(_page(model, step), request, remaining)
    public = True
    for known in steps:
        public = public and not known.is_restricted
        if known.pk == result.page.pk:
            result.page._routed_as_public = public
    return result


def _page(model: type[Page], step: Step) -> Page:
    page = fetching.fetch(model, step.pk)
    if page is None:
        raise Http404
    # Both are in the process already: templates and hooks ask for them on nearly every page.
    if locale := locales.by_id().get(page.locale_id):
        page._state.fields_cache["locale"] = locale
    page._state.fields_cache["content_type"] = ContentType.objects.get_for_id(step.content_type_id)
    return page


def _as_wagtail(root: Root, request: HttpRequest, components: list[str]) -> RouteResult:
    """Route step by step from the root, which needs no address but each page's own slug."""
    return _result(root.site.root_page.localized.specific, request, components)


def _result(page: Page, request: HttpRequest, components: list[str]) -> Any:
    result = page.route(request, components)
    # Old code may return a plain tuple; Wagtail's view takes both.
    return result if hasattr(result, "page") else RouteResult(*result)
