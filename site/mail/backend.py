"""Django's mail API, led into the outbox, so that Wagtail's notifications and third-party apps use it too."""

import hashlib
from collections.abc import Iterable, Iterator
from email.mime.base import MIMEBase
from email.utils import parseaddr
from html import unescape
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.html import strip_tags

from core import clock, languages
from core.text import storable
from mail.addresses import BadAddress
from mail.kinds import Attachment
from mail.services import enqueue_prepared


class OutboxBackend(BaseEmailBackend):
    """Writes one prepared message of kind "plain" for each recipient, as part of the caller's transaction.

    The words are treated as secret, since nobody knows what a third party puts into its mail. The same words to the
    same address in the same minute go out once: that is a double click. The sender is always the site's own, so
    that its domain signs; `from_email` is not used.
    """

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        return sum(self._enqueue(message) > 0 for message in email_messages)

    def _enqueue(self, message: EmailMessage) -> int:
        text, html = _bodies(message)
        attachments = list(_attachments(message))
        number = 0
        for recipient in dict.fromkeys(message.recipients()):
            name, address = parseaddr(recipient)
            try:
                enqueue_prepared(
                    key=_key(message, address, text, html),
                    to=address,
                    to_name=name,
                    language=languages.current(),
                    subject=str(message.subject),
                    text=text,
                    html=html,
                    attachments=attachments,
                    reply_to=parseaddr(message.reply_to[0])[1] if message.reply_to else "",
                    is_secret=True,
                )
            except BadAddress:
                if not self.fail_silently:
                    raise
            else:
                number += 1
        return number


def _key(message: EmailMessage, address: str, text: str, html: str) -> str:
    minute = clock.now().strftime("%Y-%m-%dT%H:%M")
    words = [storable(part) for part in (str(message.subject), text, html, address.lower())]
    digest = hashlib.sha256("\x00".join(words).encode())
    return f"plain:{minute}:{digest.hexdigest()}"


def _bodies(message: EmailMessage) -> tuple[str, str]:
    body = str(message.body)
    if message.content_subtype == "html":
        return unescape(strip_tags(body)).strip(), body
    alternatives = getattr(message, "alternatives", None) or []
    html = next((str(content) for content, mimetype in alternatives if mimetype == "text/html"), "")
    return body, html


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    for attached in message.attachments:
        if isinstance(attached, MIMEBase):
            content: Any = attached.get_payload(decode=True)
            yield Attachment(attached.get_filename() or "file", content or b"", attached.get_content_type())
        else:
            filename, content, mimetype = attached
            data = content.encode() if isinstance(content, str) else content
            yield Attachment(filename or "file", data, mimetype or "application/octet-stream")
