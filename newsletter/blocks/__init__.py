"""The blocks of an issue: each has a template for the web, one for the mail (MJML) and a form as plain text."""

from newsletter.blocks.words import LeadBlock, TextBlock

__all__ = ["MAIL_BLOCKS", "LeadBlock", "TextBlock"]

MAIL_BLOCKS = [
    ("lead", LeadBlock()),
    ("text", TextBlock()),
]
