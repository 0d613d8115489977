"""The pages of the newsletter: the section with its archive, and one issue in one language."""

from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList, TabbedInterface
from wagtail.models import Page
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField

from core import clock
from core.fields import StreamField
from core.models import BasePage
from newsletter import archive, previews
from newsletter.blocks import MAIL_BLOCKS

# What newsletter.urls.by_language answers below the section.
TAKEN = frozenset({"feed", "subscribe", "confirm", "preferences", "unwanted"})


def today() -> date:
    """Return the day on which an issue is begun; its editor may date it otherwise."""
    return clock.now().date()


class NewsletterIndexPage(BasePage):
    """The section page of news: the box to subscribe, and every issue once, the latest first."""

    empty_text = models.CharField(
        _("text while there is no issue"),
        max_length=300,
        blank=True,
        help_text=_("Says what the reader can do instead."),
    )

    content_panels = [*BasePage.content_panels, FieldPanel("empty_text")]
    subpage_types: ClassVar[list[str]] = ["newsletter.NewsletterPage"]
    max_count_per_parent = 1
    search_kind = "news"
    cache_seconds = None
    cache_query: ClassVar[frozenset[str]] = frozenset({"page"})

    class Meta:
        verbose_name = _("newsletter section")
        verbose_name_plural = _("newsletter sections")

    def cache_tags(self) -> set[str]:
        return {*super().cache_tags(), "list:news"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add one page of the archive, in the reader's language where an issue has it."""
        return {**super().get_context(request, *args, **kwargs), **archive.listing(request)}


class NewsletterPage(BasePage):
    """One issue in one language; the same words make the mail and the page in the archive."""

    number = models.PositiveIntegerField(_("number"), help_text=_("Counts the issues; the same in every language."))
    issued_on = models.DateField(_("date"), default=today)
    subject = models.CharField(
        _("subject of the mail"), max_length=120, help_text=_("At most 60 characters are shown on a phone.")
    )
    preheader = models.CharField(
        _("preheader"),
        max_length=160,
        blank=True,
        help_text=_("What mail programs show behind the subject; the summary if left empty."),
    )
    body = StreamField(MAIL_BLOCKS, verbose_name=_("body"), blank=True)

    search_fields = [*BasePage.search_fields, index.SearchField("body")]
    override_translatable_fields = [
        *BasePage.override_translatable_fields,
        SynchronizedField("number", overridable=False),
        SynchronizedField("issued_on", overridable=False),
    ]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    *Page.content_panels,
                    FieldPanel(
                        "summary",
                        help_text=_(
                            "One or two sentences: shown in the archive, in the feed and by search engines. "
                            "The issue begins with its lead."
                        ),
                    ),
                    FieldRowPanel([FieldPanel("number"), FieldPanel("issued_on")]),
                    FieldPanel("subject"),
                    FieldPanel("preheader"),
                    FieldPanel("body"),
                ],
                heading=_("Issue"),
            ),
            ObjectList(BasePage.promote_panels, heading=_("Search and sharing")),
            ObjectList(BasePage.settings_panels, heading=_("Settings")),
        ]
    )
    parent_page_types: ClassVar[list[str]] = ["newsletter.NewsletterIndexPage"]
    subpage_types: ClassVar[list[str]] = []
    search_kind = "news"
    lists = ("news",)
    # Which events are still to come depends on the clock.
    cache_seconds: ClassVar[int | None] = 60

    class Meta:
        verbose_name = _("newsletter issue")
        verbose_name_plural = _("newsletter issues")

    def clean(self) -> None:
        """Refuse the addresses at which the newsletter itself answers."""
        super().clean()
        if self.slug in TAKEN:
            raise ValidationError({"slug": _("The newsletter needs this address itself. Choose another one.")})

    def cache_tags(self) -> set[str]:
        return {*super().cache_tags(), "list:events", "list:courses", "list:cohorts"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the section, to lead back to."""
        section = self.get_parent()
        crumbs = [{"title": section.title, "url": section.get_url(request)}, {"title": self.title}]
        return {**super().get_context(request, *args, **kwargs), "crumbs": crumbs}

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """Show editors the page, and the mail as readers meet it."""
        return [*super().preview_modes, *previews.MODES]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Answer with the page, or with the mail."""
        if mode_name in dict(previews.MODES):
            return previews.response(self, mode_name)
        return super().serve_preview(request, mode_name)
