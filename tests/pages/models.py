"""A plain page with a body, and a routable one."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from wagtail.admin.panels import FieldPanel
from wagtail.contrib.routable_page.models import RoutablePageMixin, path

from core.blocks import BODY_BLOCKS
from core.fields import StreamField
from core.models import BasePage


class PlainPage(BasePage):
    """Content without state; its list is called "plain"."""

    body = StreamField(BODY_BLOCKS, blank=True)

    content_panels = [*BasePage.content_panels, FieldPanel("body")]
    lists: ClassVar[tuple[str, ...]] = ("plain",)
    cache_seconds: ClassVar[int | None] = None
    search_kind: ClassVar[str] = "site"
    cache_query: ClassVar[frozenset[str]] = frozenset({"page"})

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return {**context, "number": request.GET.get("page", "1")}


class ListPage(BasePage):
    """Shows the titles of all plain pages."""

    cache_seconds: ClassVar[int | None] = 60
    search_kind: ClassVar[str] = "site"

    def cache_tags(self) -> set[str]:
        return {*super().cache_tags(), "list:plain"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return {**context, "pages": PlainPage.objects.live().order_by("path")}


class RoutedPage(RoutablePageMixin, BasePage):
    """A page that answers at addresses beneath its own."""

    template = "testpages/plain_page.html"
    cache_seconds: ClassVar[int | None] = None
    search_kind: ClassVar[str] = "site"

    @path("archive/")
    def archive(self, request: HttpRequest) -> HttpResponse:
        return self.render(request, context_overrides={"number": "archive"})

    @path("<int:year>/")
    def year(self, request: HttpRequest, year: int) -> HttpResponse:
        return self.render(request, context_overrides={"number": year})
