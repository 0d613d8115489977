"""Blocks of words: how an issue begins, and text with an optional heading."""

from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks
from wagtail.models import Page

from core.blocks import RichTextBlock
from newsletter import mailtext
from newsletter.blocks.base import MailBlock


class LeadBlock(MailBlock, blocks.StructBlock):
    """The first words of an issue."""

    # Not `max_length`: a browser would cut what is pasted without a word.
    text = blocks.TextBlock(
        label=_("text"), validators=[MaxLengthValidator(600)], help_text=_("At most 600 characters.")
    )

    class Meta:
        template = "newsletter/blocks/lead.html"
        mail_template = "newsletter/mail/lead"
        icon = "openquote"
        label = _("Lead")
        group = pgettext_lazy("group of blocks", "Words")
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

    def left_out(self, value: Any) -> list[Page]:
        """Return the pages whose words are no link."""
        return mailtext.left_out(value["text"])

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
        group = pgettext_lazy("group of blocks", "Words")
        description = _("Paragraphs and lists with links.")
        preview_value = {
            "heading": _("What the city changed"),
            "text": RichTextBlock().meta.preview_value,
        }
