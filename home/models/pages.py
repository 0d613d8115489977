"""The home page and the pages of sections without a page type of their own."""

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail_localize.fields import SynchronizedField

from core import clock
from core.blocks import BODY_BLOCKS
from core.fields import StreamField
from core.models import BasePage
from events import viewing
from home import sections
from home.blocks import LIVE_BLOCKS
from home.enums import Section


class HomePage(BasePage):
    """The first page in one language: words and blocks fed by what is happening now."""

    # The opening shows the page's title: a page without one has no headline, with two it has two. Of a body that may be
    # left empty Wagtail counts no least number.
    body = StreamField(
        [*LIVE_BLOCKS, *BODY_BLOCKS],
        verbose_name=_("body"),
        block_counts={"opening": {"min_num": 1, "max_num": 1}},
    )

    content_panels = [*BasePage.content_panels, FieldPanel("body")]
    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]
    template = "home/home_page.html"
    # Coming events and their seats depend on the clock.
    cache_seconds = 60
    search_kind = "site"

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def cache_tags(self) -> set[str]:
        return {*super().cache_tags(), "list:events", "list:courses", "list:cities"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        # The title is the headline; the tab also needs the site's name, which base.html adds.
        context["is_home"] = True
        # Coming events depend on the clock, so what is kept of them ages in steps of some seconds.
        context["moment"] = clock.step(clock.now())
        return {**context, **viewing.clocks(request)}


class SectionPage(BasePage):
    """The front page of a section whose content other apps bring."""

    section = models.CharField(_("section"), max_length=20, choices=Section.choices)
    body = StreamField(BODY_BLOCKS, verbose_name=_("body"), blank=True)
    empty_text = models.CharField(
        _("text while there is nothing to show"),
        max_length=300,
        blank=True,
        help_text=_("Says what the reader can do instead."),
    )

    content_panels = [*BasePage.content_panels, FieldPanel("section"), FieldPanel("body"), FieldPanel("empty_text")]
    override_translatable_fields = [*BasePage.override_translatable_fields, SynchronizedField("section")]
    parent_page_types: ClassVar[list[str]] = ["home.HomePage"]
    template = "home/section_page.html"
    cache_seconds = None
    search_kind = "site"

    class Meta:
        verbose_name = _("section page")
        verbose_name_plural = _("section pages")

    def cache_tags(self) -> set[str]:
        return {*super().cache_tags(), f"list:{self.section}"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context(request, *args, **kwargs), **sections.slot(self.section, request)}
