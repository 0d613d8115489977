"""One message in the admin, as it went out, with every attempt and what happens next."""

import base64
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin.views.generic.models import InspectView
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from core import clock, languages
from mail import explaining, kinds, mime, pictures, purposes, rendering, senders
from mail.admin.mailbox import RESEND, address_url
from mail.models import Message
from mail.services import resending


def frame_policy() -> str:
    """Return what the frame around a mail may do: show the mail's own styles and our own pictures, and nothing else.

    Mails name pictures by their whole address, beneath BASE_URL or in the bucket of media; nothing runs, nothing is
    fetched from elsewhere, nothing can be sent.
    """
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {pictures.sources()}; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'; sandbox"
    )


class MessageView(InspectView):
    """What staff see of one message; `mail.view_message` is needed."""

    any_permission_required = ["view"]
    template_name = "mail/admin/message.html"
    page_title = _("Message")
    html_url_name = "outbox:html"

    def get_object(self, queryset=None) -> Message:
        return get_object_or_404(
            Message.objects.select_related("person", "variant", "mailing", "resent_from__by").prefetch_related(
                "tries", "reports", "resends__by"
            ),
            pk=self.pk,
        )

    def get_page_subtitle(self) -> str:
        return self.object.to_address

    def get_fields(self) -> list[str]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = self.object
        words = rendering.shown(message)
        return super().get_context_data(
            **kwargs,
            message=message,
            kind=kinds.label(message.kind),
            what_next=explaining.what_next(message),
            is_shown=not message.is_secret,
            words=words,
            is_written=bool(words.text or words.html),
            language_name=languages.shown_name(message.language),
            direction=languages.direction(message.language),
            headers=_headers(message) if message.is_prepared or message.started_at else "",
            files=[_file(one) for one in message.attachments],
            mailbox_url=address_url(message.to_address),
            resend_url=self._resend_url(),
            purpose=purposes.of([message]).get(message.pk),
            html_url=reverse(self.html_url_name, args=[message.pk]) if words.html else "",
        )

    def _resend_url(self) -> str:
        may = self.request.user.has_perm(RESEND) and not resending.why_not(self.object)
        return reverse("outbox:resend", args=[self.object.pk]) if may else ""


class MessageHtmlView(PermissionCheckedMixin, View):
    """The HTML of one message alone, for the frame on its page, under a policy that lets it do nothing."""

    model = Message
    any_permission_required = ["view"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = get_object_or_404(Message.objects.with_words(), pk=pk, is_secret=False)
        response = HttpResponse(rendering.shown(message).html)
        response["Content-Security-Policy"] = frame_policy()
        response["Referrer-Policy"] = "no-referrer"
        return response


def _headers(message: Message) -> str:
    envelope = mime.Envelope(
        sender=senders.sender(message.stream),
        to=(message.to_name, message.to_address),
        message_id=message.message_id,
        language=message.language,
        date=message.started_at or clock.now(),
        reply_to=senders.reply_to(message.stream),
    )
    return mime.head(envelope, replace(rendering.prepared(message), subject=message.shown_subject))


def _file(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored, "bytes": len(base64.b64decode(stored["content"])), "content": None}
