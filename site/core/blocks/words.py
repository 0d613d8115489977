"""Blocks of words: headings, text and quotations."""

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks

from core import richtext

LEVELS = [("h2", _("Section")), ("h3", _("Part of a section"))]
FEATURES = ["bold", "italic", "ol", "ul", "link", "document-link"]


class HeadingBlock(blocks.StructBlock):
    """A heading within the page; the page's own title is the only first-level one."""

    text = blocks.CharBlock(label=_("text"), max_length=200)
    level = blocks.ChoiceBlock(label=_("level"), choices=LEVELS, default="h2", search_index=False)

    class Meta:
        template = "blocks/heading.html"
        icon = "title"
        label = _("Heading")
        label_format = "{text}"
        group = pgettext_lazy("group of blocks", "Words")
        description = _("Opens a section or a part of one, and lets people skim the page.")
        preview_value = {"text": _("What the city changed"), "level": "h2"}


class RichTextBlock(blocks.RichTextBlock):
    """Paragraphs and lists; headings, pictures and videos have blocks of their own."""

    def __init__(self, **kwargs):
        super().__init__(**{"features": FEATURES, **kwargs})

    def bulk_to_python(self, values):
        """Return the texts of one body; together they ask once for the pages they link to."""
        sources = [value or "" for value in values]
        batch = richtext.Batch(sources)
        return [richtext.LinkedText(source, batch) for source in sources]

    def get_context(self, value, parent_context=None):
        """Add `html`, the text with its links."""
        context = super().get_context(value, parent_context)
        context["html"] = richtext.render(value, context.get("request"))
        return context

    def get_preview_value(self):
        """Wrap the example, which is translated as plain words, in a paragraph."""
        return self.normalize(format_html("<p>{}</p>", self.meta.preview_value))

    class Meta:
        template = "blocks/rich_text.html"
        icon = "pilcrow"
        label = _("Text")
        group = pgettext_lazy("group of blocks", "Words")
        description = _("Paragraphs and lists with links.")
        preview_value = _(
            "The city insulated 4,000 homes in three winters. Rents stayed where they were, since the loan is paid "
            "from what the tenants save."
        )


class QuoteBlock(blocks.StructBlock):
    """What somebody said, with who said it."""

    text = blocks.TextBlock(label=_("text"), max_length=600)
    person = blocks.CharBlock(label=_("person"), max_length=120)
    role = blocks.CharBlock(label=_("role"), max_length=160, required=False)

    class Meta:
        template = "blocks/quote.html"
        icon = "openquote"
        label = _("Quotation")
        label_format = "{person}"
        group = pgettext_lazy("group of blocks", "Words")
        description = _("A person's own words, with their name and role.")
        preview_value = {
            "text": _("We stopped asking who pays first and asked who is cold first."),
            "person": _("Ana Silva"),
            "role": _("Head of housing"),
        }
