"""Blocks that lead somewhere else: cards and a call to action."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError

from core import links

EXAMPLE = "https://example.org/"


def addresses(values, request) -> list[str]:
    """Return where each value with `page` and `url` leads, in order; empty where it leads nowhere."""
    live = links.in_reader_language(value.get("page") for value in values)
    found = []
    for value in values:
        page = value.get("page")
        if page is None:
            found.append(value.get("url") or "")
        else:
            target = live.get(page.pk)
            found.append((target.get_url(request) if target else "") or "")
    return found


class LinkBlock(blocks.StructBlock):
    """The base of blocks that lead to a page of this site or to an address elsewhere."""

    link_required = True

    page = blocks.PageChooserBlock(label=_("page"), required=False)
    url = blocks.URLBlock(
        label=_("address elsewhere"), required=False, help_text=_("Only where no page of this site is meant.")
    )

    def clean(self, value):
        """Refuse two targets, and none where one is required."""
        cleaned = super().clean(value)
        page, url = cleaned.get("page"), cleaned.get("url")
        if page and url:
            problem = ValidationError(_("Choose a page or give an address, not both."))
            raise StructBlockValidationError(block_errors={"url": problem})
        if self.link_required and not self.is_deferred_validation and not (page or url):
            problem = ValidationError(_("Choose a page or give an address."))
            raise StructBlockValidationError(block_errors={"page": problem})
        return cleaned


class CardBlock(LinkBlock):
    """One card: a title, a sentence or two, and where it leads."""

    link_required = False

    title = blocks.CharBlock(label=_("title"), max_length=120)
    text = blocks.TextBlock(label=_("text"), max_length=300, required=False)

    class Meta:
        icon = "doc-empty"
        label = _("Card")
        label_format = "{title}"
        form_layout = ["title", "text", "page", "url"]


class CardsBlock(blocks.ListBlock):
    """A few cards side by side."""

    def __init__(self, **kwargs):
        super().__init__(CardBlock(), **kwargs)

    def get_context(self, value, parent_context=None):
        """Add `cards`: title, text and address of each."""
        context = super().get_context(value, parent_context)
        cards = list(value)
        targets = addresses(cards, context.get("request"))
        context["cards"] = [
            {"title": card["title"], "text": card["text"], "url": url} for card, url in zip(cards, targets, strict=True)
        ]
        return context

    class Meta:
        template = "blocks/cards.html"
        icon = "grip"
        label = _("Cards")
        group = _("Links")
        min_num = 1
        max_num = 12
        description = _("Up to twelve short invitations to read on.")
        preview_value = [
            {"title": _("Learn together"), "text": _("Courses for teams from one city."), "url": EXAMPLE},
            {"title": _("Meet others"), "text": _("Webinars in five languages."), "url": EXAMPLE},
            {"title": _("Find what worked"), "text": _("Good practice with figures."), "url": EXAMPLE},
        ]


class CallToActionBlock(LinkBlock):
    """One thing to do next."""

    text = blocks.TextBlock(label=_("text"), max_length=300)
    label = blocks.CharBlock(
        label=_("button"), max_length=60, help_text=_("What happens, in two or three words: “Register”.")
    )

    def get_context(self, value, parent_context=None):
        """Add `address`, which is empty when the chosen page cannot be read."""
        context = super().get_context(value, parent_context)
        context["address"] = self.leads_to(value, context.get("request"))
        return context

    def leads_to(self, value, request) -> str:
        """Return the address behind the button, empty where there is nothing to read."""
        [address] = addresses([value], request)
        return address

    class Meta:
        template = "blocks/call_to_action.html"
        icon = "arrow-right"
        label = _("Call to action")
        label_format = "{label}"
        group = _("Links")
        form_layout = ["text", "label", "page", "url"]
        description = _("One sentence and one button: what the reader can do next.")
        preview_value = {
            "text": _("The next course starts in March. Teams of three to six people learn best."),
            "label": _("Enrol your team"),
            "url": EXAMPLE,
        }
