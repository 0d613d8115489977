"""Blocks that lead on: cards of pages, and one thing to do."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks
from wagtail.models import Page

from core import links, locales
from core.blocks import CallToActionBlock as WebCallToActionBlock
from core.models import BasePage
from newsletter import mailtext
from newsletter.blocks.base import MailBlock


class PageCardBlock(blocks.StructBlock):
    """One page, with words of the issue's own about it."""

    page = blocks.PageChooserBlock(label=_("page"))
    text = blocks.TextBlock(
        label=_("text"), max_length=300, required=False, help_text=_("The page's own description if left empty.")
    )

    class Meta:
        icon = "doc-empty"
        label = _("Page")
        label_format = "{page}"


class CardsBlock(MailBlock, blocks.StructBlock):
    """Pages worth reading, each with its title in the reader's language."""

    heading = blocks.CharBlock(label=_("heading"), max_length=120, required=False)
    pages = blocks.ListBlock(PageCardBlock(), label=pgettext_lazy("chosen", "pages"), min_num=1, max_num=6)

    def get_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        """Add `cards`; a page that cannot be read is left out."""
        context = super().get_context(value, parent_context)
        return {**context, "cards": _cards(value["pages"], context.get("request"))}

    def said(self, value: Any, language: str) -> dict[str, Any] | None:
        """Return the heading and the cards with whole addresses."""
        cards = [{**card, "url": mailtext.whole(card["url"])} for card in _cards(value["pages"], None)]
        return {"heading": value["heading"], "cards": cards} if cards else None

    def left_out(self, value: Any) -> list[Page]:
        """Return the pages without a card."""
        return _not_for_everybody(card["page"] for card in value["pages"])

    def get_preview_value(self) -> Any:
        """Show the newest page of the site."""
        page = Page.objects.live().filter(depth__gt=2).order_by("-pk").first()
        return self.normalize({"heading": self.meta.preview_value["heading"], "pages": [{"page": page, "text": ""}]})

    class Meta:
        template = "newsletter/blocks/cards.html"
        mail_template = "newsletter/mail/cards"
        icon = "grip"
        label = _("Cards of pages")
        label_format = "{heading}"
        group = _("Links")
        description = _("Up to six pages of this site with their titles and a sentence or two.")
        preview_value = {"heading": _("Worth reading"), "pages": []}


class CallToActionBlock(MailBlock, WebCallToActionBlock):
    """The call to action of web pages, which also knows its form in a mail."""

    def leads_to(self, value: Any, request: Any) -> str:
        """Return the address; empty when not everybody can read the chosen page."""
        chosen = value.get("page")
        if chosen is None:
            return super().leads_to(value, request)
        page = _for_everybody([chosen]).get(chosen.pk)
        return (page.get_url(request) or "") if page else ""

    def said(self, value: Any, language: str) -> dict[str, Any] | None:
        """Return words and address; nothing where the page cannot be read."""
        address = self.leads_to(value, None)
        return {"text": value["text"], "label": value["label"], "url": mailtext.whole(address)} if address else None

    def left_out(self, value: Any) -> list[Page]:
        """Return the page, where the whole block is left out because of it."""
        return _not_for_everybody([value.get("page")])

    class Meta:
        mail_template = "newsletter/mail/call_to_action"


def _for_everybody(pages: Iterable[Page | None]) -> dict[int, Page]:
    """Return for each page's primary key the page to link to, in the reader's language if it can be; one statement."""
    # Whoever gets a mail, or reads the archive, may not be among those whom a restricted page lets in.
    return links.in_reader_language(pages, for_everybody=True)


def _not_for_everybody(pages: Iterable[Page | None]) -> list[Page]:
    chosen = [page for page in pages if page is not None]
    read = _for_everybody(chosen)
    return [page for page in chosen if page.pk not in read]


def _cards(chosen: Any, request: Any) -> list[dict[str, str]]:
    chosen = list(chosen)
    live = _for_everybody(card["page"] for card in chosen)
    shown = [(card, live[card["page"].pk]) for card in chosen if card["page"] and card["page"].pk in live]
    summaries = _summaries(page for card, page in shown if not card["text"] and not page.search_description)
    return [
        {
            "title": page.title,
            "language": locales.code_of(page.locale_id),
            "text": card["text"] or page.search_description or summaries.get(page.pk, ""),
            # Words of the issue are in its own language, those of the page in the page's.
            "text_language": "" if card["text"] else locales.code_of(page.locale_id),
            "url": page.get_url(request) or "",
        }
        for card, page in shown
    ]


def _summaries(pages: Iterable[Page]) -> dict[int, str]:
    """Return the summary of each page whose type has one, by primary key; one statement for each type."""
    by_type: dict[type[BasePage], list[int]] = {}
    for page in pages:
        if issubclass(model := page.specific_class or Page, BasePage):
            by_type.setdefault(model, []).append(page.pk)
    return {
        pk: summary
        for model, pks in by_type.items()
        for pk, summary in model._default_manager.filter(pk__in=pks).values_list("pk", "summary")
    }
