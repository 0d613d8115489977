"""Rich text as mails need it: well-formed HTML with whole addresses, and plain text beside it."""

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page
from wagtail.rich_text import RichText

from core import richtext

# What our rich text can hold; anything else loses its tag and keeps its words.
KEPT = {"p", "ul", "ol", "li", "b", "strong", "i", "em"}
BLOCKS = {"p", "li"}
SCHEMES = {"http", "https", "mailto", "tel"}


def html(text: RichText) -> SafeString:
    """Return the text as HTML that is well-formed XML, its links in the active language and with scheme and host."""
    return mark_safe("".join(_Html(_shown(text)).parts))  # noqa: S308  (made of escaped words and known tags)


def plain(text: RichText) -> str:
    """Return the text as paragraphs; an item of a list begins with a dash, a link's address follows its words."""
    return "\n\n".join(_Plain(_shown(text)).paragraphs())


def whole(address: str) -> str:
    """Return an address of this site with scheme and host; one elsewhere comes back unchanged."""
    return urljoin(settings.BASE_URL, address)


def _target(attrs: list[tuple[str, str | None]]) -> str:
    """Return where a link leads; nothing where it leads nowhere, or would run something instead."""
    href = dict(attrs).get("href") or ""
    # The address of what is gone is empty, and a place in the text is none in a mail; whole, both would be our home.
    if not href or href.startswith("#"):
        return ""
    address = whole(href)
    return address if urlsplit(address).scheme in SCHEMES else ""


def _shown(text: RichText) -> str:
    # Whoever gets a mail may not be among those whom a restricted page lets in.
    return richtext.render(text, None, for_everybody=True)


def left_out(text: RichText) -> list[Page]:
    """Return the pages whose words in the text are no link in a mail, since not everybody can read them."""
    return richtext.Batch([text.source], is_for_everybody=True).left_out


class _Html(HTMLParser):
    """Writes each known tag anew, so that whatever an editor's programs left behind cannot break the mail."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        while self._open:
            self.parts.append(f"</{self._open.pop()}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A translation may have paragraphs in its source's language still: each runs as its own words do.
        if tag == "br":
            self.parts.append("<br />")
        elif tag == "a" and (address := _target(attrs)):
            self._begin("a", format_html(' href="{}"', address))
        elif tag == "p":
            self._begin("p", ' dir="auto" style="margin:0 0 12px"')
        elif tag in KEPT:
            self._begin(tag, ' dir="auto"' if tag in BLOCKS else "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        while (last := self._open.pop()) != tag:
            self.parts.append(f"</{last}>")
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data))

    def _begin(self, tag: str, attributes: str = "") -> None:
        self._open.append(tag)
        self.parts.append(f"<{tag}{attributes}>")


class _Plain(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._paragraphs: list[list[str]] = [[]]
        self._address = ""
        self.feed(source)
        self.close()

    def paragraphs(self) -> Iterator[str]:
        """Yield what is not empty, on one line each but for line breaks."""
        for words in self._paragraphs:
            lines = [" ".join(line.split()) for line in "".join(words).split("\n")]
            if joined := "\n".join(line for line in lines if line):
                yield joined

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self._paragraphs.append(["- "] if tag == "li" else [])
        elif tag == "br":
            self._paragraphs[-1].append("\n")
        elif tag == "a":
            self._address = _target(attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._address:
            self._paragraphs[-1].append(f" ({self._address})")
            self._address = ""
        elif tag in BLOCKS:
            self._paragraphs.append([])

    def handle_data(self, data: str) -> None:
        self._paragraphs[-1].append(data.replace("\n", " "))
