"""Sending one message again: what it will do, a reason, a button."""

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from mail import kinds
from mail.admin.mailbox import VIEW
from mail.models import Message, Resend
from mail.services import resending
from mail.services.resending import CannotResend


class ResendForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Kept with the message, under your name; the person does not see it."),
    )


class ResendView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormView):
    """GET asks, POST sends; `mail.view_message` and `mail.add_resend` are needed."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Resend
    permission_required = "add"
    form_class = ResendForm
    template_name = "mail/admin/resend.html"
    page_title = _("Send again")
    header_icon = "mail"

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

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the message."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("outbox:index"), "label": _("Outbox")},
            {"url": reverse("outbox:inspect", args=[self.pk]), "label": self.message.to_address},
            {"url": "", "label": self.page_title},
        ]

    def form_valid(self, form: ResendForm) -> HttpResponse:
        """Ask for the copy, and lead to it; a refusal is shown in its own words."""
        try:
            copy = resending.resend(
                message_id=self.pk, by=cast(Any, self.request.user), reason=form.cleaned_data["reason"]
            )
        except CannotResend as refusal:
            form.add_error(None, str(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, _("The message is on its way again."))
        return redirect("outbox:inspect", copy.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            message=self.message,
            kind=kinds.label(self.message.kind),
            refusal=resending.why_not(self.message),
            is_uncertain=resending.is_uncertain(self.message),
            back_url=reverse("outbox:inspect", args=[self.pk]),
        )
