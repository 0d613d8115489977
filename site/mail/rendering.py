"""From a message to its words: templates in its language, MJML to HTML, plain text beside."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import mrml
from django.conf import settings
from django.template import Context, engines
from django.utils import translation

from core import languages, redaction
from mail import footer, kinds, mime, slots
from mail.kinds import Attachment, Fillings, NoLongerMakesSense, Rendering
from mail.mime import Content
from mail.models import Message
from mail.patterns import Pattern

# mrml reads MJML as XML, which has no place for these; no person types them on purpose.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BLANK_LINES = re.compile(r"\n{3,}")
# Kept with a message that is cancelled; in English, like the words of servers that stand in the same place.
NOBODY_KNOWN = "Nothing is known any more of whom it was meant for."
# Without a map of its own mrml adds a link to Google Fonts for every family it knows.
_OPTIONS = mrml.RenderOptions(fonts={})


@dataclass(frozen=True)
class SharedWords:
    """The words that many messages share; `content` holds tokens where each recipient's own words go."""

    kind: str
    language: str
    content: Content
    pattern: Pattern
    digest: str

    def filled(self, safe: Mapping[str, str]) -> Content:
        """Return the words for one recipient."""
        return replace(
            self.heading(safe),
            text=slots.fill(self.content.text, safe),
            html=slots.fill(self.content.html, safe, as_html=True),
        )

    def heading(self, safe: Mapping[str, str]) -> Content:
        """Return the same with only the subject filled, which is all that the header lines need."""
        subject = slots.fill(self.content.subject, safe)
        return self.content if subject == self.content.subject else replace(self.content, subject=subject)

    def named(self) -> Content:
        """Return the words with the slots' names in them, to be kept."""
        content = self.content
        return replace(
            content,
            subject=slots.named(content.subject),
            text=slots.named(content.text),
            html=slots.named(content.html),
        )


def variant(kind: str, params: Mapping[str, Any], language: str, *, names: frozenset[str]) -> SharedWords:
    """Let the kind write a variant; `names` are the slots that will be filled.

    Raises NoLongerMakesSense when the kind says so, and whatever a faulty template or kind raises.
    """
    write = kinds.get(kind).render_variant
    if write is None:
        raise LookupError(f"Mail of the kind {kind!r} has no variants.")
    tokens = slots.tokens(names)
    with translation.override(language):
        rendering = write(params, language)
        whole = replace(rendering, context={**rendering.context, **tokens})
        content = written(whole, language=language, name=tokens["to_name"])
    subject, text, html = map(slots.named, (content.subject, content.text, content.html))
    digest = hashlib.sha256(repr((kind, language, subject, text, html, content.attachments)).encode()).hexdigest()
    return SharedWords(kind, language, content, mime.pattern(content, seed=digest), digest)


def own_fillings(message: Message, fillings: Fillings) -> dict[str, str]:
    """Return what fills the slots of one message's variant; raises NoLongerMakesSense where its kind gave nothing."""
    own = fillings.get(message.pk, NoLongerMakesSense(NOBODY_KNOWN))
    if isinstance(own, NoLongerMakesSense):
        raise own
    return slots.made_safe({"to_name": message.to_name, **own})


def kept(message: Message) -> Content:
    """Return the words that went out, as far as they are kept: addresses that were the recipient's alone are not."""
    own = prepared(message)
    if message.variant is None:
        return own
    return replace(
        own,
        text=slots.shown(message.variant.text, message.to_name),
        html=slots.shown(message.variant.html, message.to_name, as_html=True),
    )


def shown(message: Message) -> Content:
    """Return what is kept for the eyes of staff: addresses that open a person's own pages open nothing.

    Whoever follows one acts as that person, be it to agree, to cancel or to erase.
    """
    own = kept(message)
    site = settings.BASE_URL
    text, html = (redaction.without_doors(words, site=site, instead="…") for words in (own.text, own.html))
    return replace(own, text=text, html=html)


def render(message: Message) -> Content:
    """Return what the message says now, in its own language.

    Raises NoLongerMakesSense when its kind says so, and whatever a faulty template or kind raises.
    """
    if message.is_prepared:
        return prepared(message)
    kind = kinds.get(message.kind)
    if kind.render_variant is not None:
        safe = own_fillings(message, kind.fillings([message]))
        names = slots.filled(safe)
        return variant(message.kind, kind.shared_params(message), message.language, names=names).filled(safe)
    with translation.override(message.language):
        return written(kinds.render(message), language=message.language, name=message.to_name)


def prepared(message: Message) -> Content:
    """Return the words and files that are kept with the message."""
    return Content(
        subject=message.subject,
        text=message.text,
        html=message.html,
        attachments=tuple(
            Attachment(
                filename=one["filename"],
                content=base64.b64decode(one["content"]),
                content_type=one["content_type"],
                as_alternative=one["as_alternative"],
            )
            for one in message.attachments
        ),
        reply_to=message.reply_to,
    )


def render_words(template: str, context: Mapping[str, Any], *, language: str) -> tuple[str, str]:
    """Return (text, HTML) of a pair of mail templates; for mails that are prepared rather than written from ids."""
    with translation.override(language):
        whole = _whole_context(context, language)
        return _text(template, whole), _html(template, whole)


def written(rendering: Rendering, *, language: str, name: str = "") -> Content:
    """Return what a kind has answered as words; `language` must be active."""
    whole = _whole_context({"subject": rendering.subject, "to_name": name, **rendering.context}, language)
    return Content(
        subject=str(rendering.subject),
        text=_text(rendering.template, whole),
        html=_html(rendering.template, whole),
        attachments=tuple(rendering.attachments),
        reply_to=rendering.reply_to,
    )


def _whole_context(context: Mapping[str, Any], language: str) -> dict[str, Any]:
    is_rtl = languages.direction(language) == "rtl"
    return {
        "subject": "",
        "site_name": settings.WAGTAIL_SITE_NAME,
        "site_url": settings.BASE_URL,
        "language": language,
        "direction": "rtl" if is_rtl else "ltr",
        # Outlook knows no logical sides, so mails name them.
        "start": "right" if is_rtl else "left",
        "end": "left" if is_rtl else "right",
        "funding_statement": footer.funding_statement(language),
        **context,
    }


def _html(template: str, context: dict[str, Any]) -> str:
    source = _template(f"{template}.mjml").render(Context(context))
    return mrml.to_html(_NOT_IN_XML.sub("", source), render_options=_OPTIONS).content


def _text(template: str, context: dict[str, Any]) -> str:
    source = _template(f"{template}.txt").render(Context(context, autoescape=False))
    lines = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return _BLANK_LINES.sub("\n\n", lines) + "\n"


def _template(name: str) -> Any:
    # The engine's own template takes a Context that can be told not to escape.
    return _engine().get_template(name)


@cache
def _engine() -> Any:
    django: Any = engines["django"]
    return django.engine
