"""An issue as a mail: the words of one page, for readers of one language."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import languages, locales
from events.querysets import public_pages
from mail.kinds import Rendering
from newsletter import mailtext
from newsletter.models import NewsletterPage

TEMPLATE = "newsletter/mail/issue"


def write(page: NewsletterPage, language: str) -> Rendering:
    """Return an issue as the readers of `language`, which is active, get it; the page may be in another language.

    The same for all of them: `unsubscribe_url`, `preferences_url` and `to_name` are left for each recipient's own.
    """
    spoken = locales.code_of(page.locale_id) or language
    is_rtl = languages.direction(spoken) == "rtl"
    return Rendering(
        subject=page.subject or page.title,
        template=TEMPLATE,
        context={
            "title": page.title,
            "preheader": page.preheader or page.summary or page.title,
            # The words may be in another language than the mail around them.
            "words_language": spoken,
            "words_direction": "rtl" if is_rtl else "ltr",
            "words_start": "right" if is_rtl else "left",
            "parts": _parts(page, language),
            "web_url": _web_url(page),
            "reason": _("You get this mail because you subscribed to our newsletter."),
        },
    )


def left_out(page: NewsletterPage, language: str) -> list[str]:
    """Return the titles of chosen pages that the issue does not lead readers of `language` to."""
    with translation.override(language):
        found = (one.title for child in page.body for one in child.block.left_out(child.value))
        return list(dict.fromkeys(found))


def is_empty(page: NewsletterPage, language: str) -> bool:
    """Whether the mail to readers of `language` would have nothing between title and foot."""
    with translation.override(language):
        return all(child.block.is_silent(child.value, language) for child in page.body)


def _web_url(page: NewsletterPage) -> str:
    """Return where everybody can read the issue; nothing where not everybody can."""
    is_public = page.live and public_pages().filter(pk=page.pk).exists()
    return mailtext.whole(page.get_url() or "") if is_public else ""


def _parts(page: NewsletterPage, language: str) -> list[dict[str, Any]]:
    parts = []
    for child in page.body:
        said = child.block.said(child.value, language)
        if said is not None:
            template = child.block.meta.mail_template
            parts.append({"mjml": f"{template}.mjml", "txt": f"{template}.txt", "said": said})
    return parts
