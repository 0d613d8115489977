"""Blocks of words: how an issue begins, and text with an optional heading."""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from core.blocks import RichTextBlock
from newsletter import mailtext
from newsletter.blocks.base import MailBlock


class LeadBlock(MailBlock, blocks.StructBlock):
    """The first words of an issue."""

    text = blocks.TextBlock(label=_("text"), max_length=600)

    class Meta:
        template = "newsletter/blocks/lead.html"
        mail_template = "newsletter/mail/lead"
        icon = "openquote"
        label = _("Lead")
        group = _("Words")
        description = _("The first words: in two or three sentences what this issue is about.")
        preview_value = {"text": _("Three cities show what a heat plan costs, and when it pays.")}


class TextBlock(MailBlock, blocks.StructBlock):
    """A heading and paragraphs."""

    heading = blocks.CharBlock(label=_("heading"), max_length=120, required=False)
    text = RichTextBlock(label=_("text"))

    def said(self, value: Any, language: str) -> dict[str, Any]:
        """Return the heading and both forms of the text."""
        text = value["text"]
        return {"heading": value["heading"], "html": mailtext.html(text), "plain": mailtext.plain(text)}

    def get_preview_value(self) -> Any:
        """Wrap the example, which is translated as plain words, in a paragraph."""
        example = self.meta.preview_value
        return self.normalize({"heading": example["heading"], "text": format_html("<p>{}</p>", example["text"])})

    class Meta:
        template = "newsletter/blocks/text.html"
        mail_template = "newsletter/mail/text"
        icon = "pilcrow"
        label = _("Text")
        label_format = "{heading}"
        group = _("Words")
        description = _("Paragraphs and lists with links.")
        preview_value = {
            "heading": _("What the city changed"),
            "text": RichTextBlock().meta.preview_value,
        }
