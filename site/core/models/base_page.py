"""The page that every page type extends."""

from collections.abc import Collection
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page, PageViewRestriction
from wagtail_localize.fields import SynchronizedField

from core import languages, routing


class BasePage(Page):
    """Content and an address, in one language; state lives in records beside it.

    Abstract, since wagtail-localize does not support a custom base page model.
    """

    summary = models.TextField(
        _("summary"),
        max_length=400,
        blank=True,
        help_text=_("One or two sentences: shown under the title, in listings and by search engines."),
    )
    sharing_image = models.ForeignKey(
        "core.Picture",
        verbose_name=_("sharing image"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Shown when somebody shares the page."),
    )

    content_panels = [*Page.content_panels, FieldPanel("summary")]
    promote_panels = [*Page.promote_panels, FieldPanel("sharing_image")]

    # An occasion keeps its address in every language; only the language prefix differs.
    override_translatable_fields = [SynchronizedField("slug")]

    # None: kept until purged. A page whose text depends on the clock says 60.
    cache_seconds: ClassVar[int | None] = None
    # The lists that show pages of this type, such as "events": their tags are purged with the page.
    lists: ClassVar[tuple[str, ...]] = ()
    # What it belongs to in the site's search; empty: neither search nor the sitemap lists it.
    search_kind: ClassVar[str] = "site"
    # Names that may stand in the query of a kept page, such as "page"; any other name bypasses the page cache.
    cache_query: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def cache_tags(self) -> set[str]:
        """Return the tags whose purging drops this page from the page cache.

        A type that shows more than its own content adds `list:<type>` for each list and `page:<translation key>` for
        each single page or record it shows.
        """
        return {f"page:{self.translation_key}", "site"}

    def translations_left(self, without: Collection[Page] = ()) -> "models.QuerySet[Page]":
        """Return the page in other languages once these pages, and what lies below them, are gone."""
        left = self.get_translations()
        for gone in without:
            left = left.exclude(path__startswith=gone.path)
        return left

    def what_stays(self, *, without: Collection[Page] = ()) -> list[str]:
        """Return what goes on when this page is taken off the site, in sentences for whoever does it.

        A type whose record people have signed up to adds how many they are. Pages `without`, and what lies below them,
        go at the same time.
        """
        live = self.translations_left(without).filter(live=True, alias_of=None).order_by("locale__language_code")
        names = [languages.own_name(code) for code in live.values_list("locale__language_code", flat=True)]
        words = _("In other languages it stays public: %(languages)s.")
        return [words % {"languages": ", ".join(names)}] if names else []

    def what_deleting_means(self, *, without: Collection[Page] = ()) -> list[str]:
        """Return what goes on when this page is deleted, for whoever does it: as off the site, unless its type adds."""
        return self.what_stays(without=without)

    def get_view_restrictions(self) -> "models.QuerySet[PageViewRestriction]":
        """Return what limits the view of this page: restrictions on it or above it, without a query when routing knows.

        Stricter than Wagtail for aliases: whatever lies above their source counts too, so that an alias outside a
        private section does not show the section's page to everyone.
        """
        if routing.known_public(self):
            return PageViewRestriction.objects.none()
        paths: set[str] = set()
        unseen = {self.path}
        while unseen:
            above = {path[:end] for path in unseen for end in range(self.steplen, len(path) + 1, self.steplen)} - paths
            paths |= above
            sources = Page.objects.filter(path__in=above, alias_of__isnull=False)
            unseen = set(sources.values_list("alias_of__path", flat=True)) - paths
        return PageViewRestriction.objects.filter(page__path__in=paths)
