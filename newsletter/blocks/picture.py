"""A picture in an issue: small enough for mail, in a format that every mail program shows."""

from typing import Any

from core.blocks import PictureBlock as WebPictureBlock
from newsletter import mailtext
from newsletter.blocks.base import MailBlock

# Twice the width of a mail's column, for fine screens; mail programs do not know WebP.
RENDITION = "width-1072|format-jpeg|jpegquality-75"


class PictureBlock(MailBlock, WebPictureBlock):
    """The picture of web pages, which also knows its form in a mail."""

    def said(self, value: Any, language: str) -> dict[str, Any] | None:
        """Return the address of the picture and the words about it."""
        picture = value["image"]
        if picture is None:
            return None
        licence = picture.licence.label_in(language) if picture.licence else ""
        return {
            "src": mailtext.whole(picture.get_rendition(RENDITION).url),
            "alt": value["alt"],
            "caption": value["caption"],
            "credit": picture.credit,
            "licence": licence,
        }

    def is_silent(self, value: Any, language: str) -> bool:
        """Whether the picture is gone; asked without making its form for mails, which needs the file."""
        return value["image"] is None

    class Meta:
        mail_template = "newsletter/mail/picture"
