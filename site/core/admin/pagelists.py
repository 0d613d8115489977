"""Flat lists of one type of page: a row for each occasion, found by its title, with a spreadsheet that names it."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from wagtail.admin.ui.tables.pages import PageStatusColumn, PageTitleColumn
from wagtail.admin.views.pages.listing import IndexView
from wagtail.models import Page
from wagtail_localize.models import Translation

from core.exports import ScreenExportMixin


class TitleColumn(PageTitleColumn):
    """Wagtail's title with its buttons, which also knows what to write into a spreadsheet."""

    def get_value(self, instance: Page) -> str:
        """Return the title as the list shows it: that of the newest draft."""
        return instance.get_admin_display_title()


class StatusColumn(PageStatusColumn):
    """Wagtail's mark of what is live and what is a draft, which also knows what to write into a spreadsheet."""

    def get_value(self, instance: Page) -> str:
        """Return the words of the mark, such as "live + draft"."""
        return str(instance.status_string)


class SourceIndex(ScreenExportMixin, IndexView):
    """Wagtail's flat listing of a type of page; translations stand behind their source."""

    def get_base_queryset(self) -> QuerySet:
        """Leave out translations and aliases: what is in several languages has one row."""
        translations = Translation.objects.filter(
            target_locale=OuterRef("locale"), source__object_id=OuterRef("translation_key")
        )
        return super().get_base_queryset().filter(~Exists(translations), alias_of=None)

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look for the words in titles, drafts included; Wagtail's own search cannot read the filter above."""
        for word in self.search_query.split():
            queryset = queryset.filter(draft_title__icontains=word)
        return queryset

    def order_queryset(self, queryset: QuerySet) -> Any:
        """Keep the list's own order while searching: nothing here is more relevant than the rest."""
        if self.is_searching and not self.is_explicitly_ordered:
            return queryset.order_by(self.default_ordering)
        return super().order_queryset(queryset)
