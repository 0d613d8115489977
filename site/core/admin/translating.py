"""The buttons of wagtail-localize in a list of pages, for which it would ask up to four statements a row.

A list that adds `with_translating` to its pages asks within its own statement. The words are those of wagtail-localize,
and so are their translations.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.models import Locale, Page
from wagtail_localize.models import Translation, TranslationSource
from wagtail_localize.wagtail_hooks import page_listing_more_buttons as stock

HOOK = "register_page_listing_more_buttons"
TRANSLATE = "Translate this page"
SYNC = "Sync translated pages"


def with_translating(pages: QuerySet) -> QuerySet:
    """Add whether a page lacks a language, and the source that translations of it still follow."""
    # An alias stands for a translation that nobody has begun.
    written = Page.objects.filter(translation_key=OuterRef(OuterRef("translation_key")), alias_of=None)
    sources = TranslationSource.objects.filter(object_id=OuterRef("translation_key"), locale=OuterRef("locale"))
    followed = sources.filter(Exists(Translation.objects.filter(source=OuterRef("pk"), enabled=True)))
    return pages.annotate(
        lacks_a_language=Exists(Locale.objects.exclude(pk__in=written.values("locale"))),
        followed_source_id=Subquery(followed.values("pk")[:1]),
    )


def replace_stock() -> None:
    """Put our buttons where wagtail-localize's are, which Wagtail offers no way to take away; fails if they are not."""
    hooks._hooks[HOOK].remove((stock, 0))
    hooks.register(HOOK, more_buttons)


def more_buttons(page: Page, user: Any, next_url: str | None = None) -> Iterator[Button]:
    """Offer what wagtail-localize offers; it is asked itself where the list has not."""
    if not hasattr(page, "lacks_a_language"):
        yield from stock(page, user, next_url=next_url)
    elif user.has_perm("wagtail_localize.submit_translation"):
        yield from _offered(page, next_url)


def _offered(page: Page, next_url: str | None) -> Iterator[Button]:
    if page.lacks_a_language:
        url = reverse("wagtail_localize:submit_page_translation", args=[page.alias_of_id or page.pk])
        yield Button(gettext(TRANSLATE), url, priority=60, icon_name="wagtail-localize-language")
    if page.followed_source_id:
        url = reverse("wagtail_localize:update_translations", args=[page.followed_source_id])
        if next_url is not None:
            url += "?" + urlencode({"next": next_url})
        yield Button(gettext(SYNC), url, priority=60, icon_name="resubmit")
