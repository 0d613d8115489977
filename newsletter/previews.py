"""How an issue looks as a mail, for its editor: on a desktop, on a phone, and where mails are dark."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import locales
from mail import pictures
from mail import rendering as mails

if TYPE_CHECKING:
    from newsletter.models import NewsletterPage

MODES = [
    ("mail", pgettext_lazy("way to look at an issue", "Mail")),
    ("phone", _("Mail on a phone")),
    ("dark", _("Mail, dark")),
]
# The mail's own styles show and its pictures load; nothing runs and nothing can be sent from it.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; frame-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'"
)
DARK = "(prefers-color-scheme: dark)"
# A frame has a viewport of its own, so the mail meets the width of a phone.
PHONE = (
    "<!doctype html><title>{title}</title><body style='margin:0;background:#8a938e'>"
    "<iframe title='{title}' srcdoc='{html}'"
    " style='display:block;inline-size:375px;block-size:100vh;margin:auto;border:0'></iframe>"
)


def response(page: "NewsletterPage", mode: str) -> HttpResponse:
    """Return the mail as one of `MODES` shows it; links to a subscription lead nowhere."""
    # The page's module offers these modes, so rendering, which knows pages, cannot be had before.
    from newsletter import rendering

    language = locales.code_of(page.locale_id)
    with translation.override(language):
        html = mails.written(rendering.write(page, language), language=language).html
    if mode == "dark":
        html = html.replace(DARK, "all")
    if mode == "phone":
        html = format_html(PHONE, title=page.title, html=html)
    answer = HttpResponse(html)
    answer["Content-Security-Policy"] = POLICY.format(pictures=pictures.sources())
    return answer
