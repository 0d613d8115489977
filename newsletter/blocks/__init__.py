"""The blocks of an issue: each has a template for the web, one for the mail (MJML) and a form as plain text."""

from newsletter.blocks.links import CallToActionBlock, CardsBlock
from newsletter.blocks.live import ComingEventsBlock, OpenCohortsBlock
from newsletter.blocks.picture import PictureBlock
from newsletter.blocks.words import LeadBlock, TextBlock

MAIL_BLOCKS = [
    ("lead", LeadBlock()),
    ("text", TextBlock()),
    ("picture", PictureBlock()),
    ("cards", CardsBlock()),
    ("coming_events", ComingEventsBlock()),
    ("open_cohorts", OpenCohortsBlock()),
    ("call_to_action", CallToActionBlock()),
]

__all__ = [
    "MAIL_BLOCKS",
    "CallToActionBlock",
    "CardsBlock",
    "ComingEventsBlock",
    "LeadBlock",
    "OpenCohortsBlock",
    "PictureBlock",
    "TextBlock",
]
