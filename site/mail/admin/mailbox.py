"""Why did somebody (not) get a mail? One page for each person or address, with everything the outbox knows."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from core.text import storable
from mail import explaining, kinds, mailbox, purposes
from mail.mailbox import Mailbox
from mail.models import Message
from mail.services import resending

PAGE_SIZE = 25
VIEW, RESEND = "mail.view_message", "mail.add_resend"


def address_url(address: str) -> str:
    """Return the page about an address."""
    return f"{reverse('outbox:mailbox')}?{urlencode({'q': address})}"


def person_url(person: Any) -> str:
    """Return the page about an account."""
    return reverse("outbox:mailbox_of_person", args=[person.pk])


class MailboxView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """Finds an address by any part of it; `mail.view_message` is needed."""

    model = Message
    any_permission_required = ["view"]
    template_name = "mail/admin/mailbox.html"
    page_title = _("Why did somebody (not) get a mail?")
    header_icon = "mail"

    @cached_property
    def words(self) -> str:
        """What was typed into the search field."""
        return storable(self.request.GET.get("q", "")).strip()[:254]

    @cached_property
    def box(self) -> Mailbox | None:
        """Whose mail is shown, once that is clear."""
        return mailbox.of_address(self.words) if mailbox.is_address(self.words) else None

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("outbox:index"), "label": _("Outbox")},
            {"url": "", "label": self.page_title},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context.update(words=self.words, search_action=reverse("outbox:mailbox"))
        if self.box is not None:
            return {**context, **_shown(self.box, self.request)}
        found = mailbox.candidates(self.words) if self.words else []
        return {**context, "candidates": [(address, address_url(address)) for address in found]}


class MailboxOfPersonView(MailboxView):
    """The same for an account, with the mail sent to its former addresses."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.person_pk = kwargs["pk"]
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def box(self) -> Mailbox | None:
        return mailbox.of_person(get_object_or_404(get_user_model(), pk=self.person_pk))


def _shown(box: Mailbox, request: HttpRequest) -> dict[str, Any]:
    page = Paginator(box.messages(), PAGE_SIZE).get_page(request.GET.get("p"))
    messages = list(page.object_list)
    about = purposes.of(messages)
    listed = box.listed()
    # Mail goes to the present address alone.
    in_force = [entry for one in listed if one.address in box.addresses for entry in one.entries if entry.is_in_force]
    may_resend = request.user.has_perm(RESEND)
    refusals = resending.why_not_each(messages) if may_resend else {}
    planned = purposes.planned(box.addresses, box.person)
    return {
        "box": box,
        "listed": [(one, [(entry, explaining.what_is_stopped(entry)) for entry in one.entries]) for one in listed],
        "gets_what_is_asked_for": bool(in_force) and not any(entry.stops_everything for entry in in_force),
        "planned": [one for one in planned if not one.why_not],
        "left_out": [one for one in reversed(planned) if one.why_not],
        "page": page,
        "rows": [_row(message, about.get(message.pk), refusals.get(message.pk)) for message in messages],
    }


def _row(message: Message, purpose: purposes.Purpose | None, refusal: str | Promise | None) -> dict[str, Any]:
    """Return what is shown of a message; without a refusal, not even an empty one, nobody asks for a copy here."""
    may_resend = refusal is not None
    return {
        "message": message,
        "kind": kinds.label(message.kind),
        "subject": message.shown_subject,
        "purpose": purpose,
        "what_next": explaining.what_next(message),
        "tries": message.tries.all(),
        "resends": message.resends.all(),
        "resent_from": getattr(message, "resent_from", None),
        "url": reverse("outbox:inspect", args=[message.pk]),
        "resend_url": reverse("outbox:resend", args=[message.pk]) if may_resend and not refusal else "",
        "why_not": refusal if may_resend and message.is_final else "",
    }


class MailboxColumn(Column):
    """An address that leads to its mailbox, for those who may look; plain in spreadsheets."""

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        request = parent_context.get("request")
        if context["value"] and request is not None and request.user.has_perm(VIEW):
            context["value"] = format_html(
                '<a href="{}"><bdi>{}</bdi></a>', address_url(context["value"]), context["value"]
            )
        return context
