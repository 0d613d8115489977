"""Sending one message again: what it will do, a reason, a button."""

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from core.admin.acts import ActView
from mail import kinds
from mail.admin.mailbox import VIEW
from mail.models import Message, Resend
from mail.services import resending
from mail.services.resending import CannotResend

VIEW_LIST = "mail.view_suppression"


class ResendForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Kept with the message, under your name; the person does not see it."),
    )


class ResendView(PermissionCheckedMixin, ActView):
    """GET asks, POST sends; `mail.view_message` and `mail.add_resend` are needed."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Resend
    permission_required = "add"
    form_class = ResendForm
    template_name = "mail/admin/resend.html"
    page_title = _("Send again")
    header_icon = "mail"
    done = _("The message is on its way again.")
    refusals = (CannotResend,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        self.pk = kwargs["pk"]
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def message(self) -> Message:
        """The message in question."""
        return get_object_or_404(Message, pk=self.pk)

    def get_page_subtitle(self) -> str:
        return self.message.to_address

    def get_back_url(self) -> str:
        """Return the message's page."""
        return reverse("outbox:inspect", args=[self.pk])

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the message."""
        return [
            {"url": reverse("outbox:index"), "label": _("Outbox")},
            {"url": self.get_back_url(), "label": self.message.to_address},
        ]

    def act(self, said: dict[str, Any]) -> Message:
        """Return the copy that was asked for."""
        return resending.resend(message_pk=self.pk, by=cast(Any, self.request.user), reason=said["reason"])

    def get_done_url(self, acted: Message) -> str:
        """Return the page of the copy."""
        return reverse("outbox:inspect", args=[acted.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the message, and whether it can be sent again."""
        refusal = resending.why_not(self.message)
        entry = None if refusal else resending.stopping_entry(self.message)
        may_look = self.request.user.has_perm(VIEW_LIST)
        return super().get_context_data(
            **kwargs,
            message=self.message,
            kind=kinds.label(self.message.kind),
            refusal=resending.ON_THE_LIST if entry else refusal,
            entry_url=reverse("suppressions:inspect", args=[entry.pk]) if entry and may_look else "",
            is_uncertain=resending.is_uncertain(self.message),
        )
