"""The blocks that page bodies are made of; each has its own template under templates/blocks/."""

from core.blocks.figures import FigureBlock
from core.blocks.links import CallToActionBlock, CardsBlock
from core.blocks.media import DownloadBlock, EmbedBlock, PictureBlock
from core.blocks.words import HeadingBlock, QuoteBlock, RichTextBlock

__all__ = [
    "BODY_BLOCKS",
    "CallToActionBlock",
    "CardsBlock",
    "DownloadBlock",
    "EmbedBlock",
    "FigureBlock",
    "HeadingBlock",
    "PictureBlock",
    "QuoteBlock",
    "RichTextBlock",
]

BODY_BLOCKS = [
    ("heading", HeadingBlock()),
    ("rich_text", RichTextBlock()),
    ("picture", PictureBlock()),
    ("quote", QuoteBlock()),
    ("cards", CardsBlock()),
    ("figure", FigureBlock()),
    ("call_to_action", CallToActionBlock()),
    ("embed", EmbedBlock()),
    ("download", DownloadBlock()),
]
