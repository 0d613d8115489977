"""From a message to its words: templates in its language, MJML to HTML, plain text beside."""

import base64
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import mrml
from django.conf import settings
from django.template import Context, engines
from django.utils import translation

from core import languages
from mail import footer, kinds
from mail.kinds import Attachment, Rendering
from mail.mime import Content
from mail.models import Message

# mrml reads MJML as XML, which has no place for these; no person types them on purpose.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BLANK_LINES = re.compile(r"\n{3,}")
# Without a map of its own mrml adds a link to Google Fonts for every family it knows.
_OPTIONS = mrml.RenderOptions(fonts={})


def render(message: Message) -> Content:
    """Return what the message says now, in its own language.

    Raises NoLongerMakesSense when its kind says so, and whatever a faulty template or kind raises.
    """
    if message.is_prepared:
        return prepared(message)
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
