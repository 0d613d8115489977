"""Who did not get an issue, and why: the list and its spreadsheet."""

from functools import partial
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView

from accounts.visitors import signed_in
from core import languages
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from mail.admin import states
from mail.admin.mailbox import MailboxColumn
from mail.enums import MISSED, State
from mail.models import Message
from newsletter import rules, unsent
from newsletter.models import Campaign
from newsletter.services import books

SHOWN = [state for state in State if state in MISSED or state is State.DEFERRED]


class LeftOutFilters(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=partial(states.choices, SHOWN), widget=CheckboxSelectMultiple
    )

    class Meta:
        model = Message
        fields = ["state"]


def _language(message: Message) -> str:
    return languages.shown_name(message.language)


class LeftOutView(ScreenExportMixin, IndexView):
    """Each message of a campaign that was not accepted, with the server's words."""

    page_title = _("Who did not get it")
    model = Message
    # Not the outbox's right: these are readers, not all the mail there is.
    permission_policy = None
    filterset_class = LeftOutFilters
    is_searchable = True
    default_ordering = "-pk"
    paginate_by = 50
    export_filename = "left-out"
    columns = [
        MailboxColumn("to_address", label=_("E-mail address"), sort_key="to_address"),
        Column("language", label=_("Language"), accessor=_language, sort_key="language"),
        Column("state", label=_("State"), accessor=states.shown, sort_key="state"),
        Column("reason", label=_("Why"), accessor=unsent.why),
        WordsColumn("last_reply", label=_("The server's last words"), accessor="words_of_server"),
        Column("attempts", label=_("Attempts"), sort_key="attempts"),
        MomentColumn("finished_at", label=_("Finished"), sort_key="finished_at"),
    ]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may read readers' addresses."""
        if not rules.may_see_recipients(signed_in(request)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def campaign(self) -> Campaign:
        """The campaign."""
        return get_object_or_404(Campaign, pk=self.kwargs["pk"])

    def get_base_queryset(self) -> QuerySet:
        """Return the campaign's messages."""
        return books.left_out(self.campaign)

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into addresses and the server's words."""
        words = self.search_query.strip() if self.is_searching else ""
        found = queryset.filter(to_address__icontains=words) | queryset.filter(last_reply__icontains=words)
        return found if words else queryset

    def get_index_url(self) -> str:
        """Return this list's address."""
        return reverse("campaigns:left_out", args=[self.kwargs["pk"]])

    def get_index_results_url(self) -> str:
        """Return the address of its rows."""
        return reverse("campaigns:left_out_results", args=[self.kwargs["pk"]])

    def get_page_subtitle(self) -> str:
        """Return the issue's title."""
        return self.campaign.title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the campaign."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("campaigns:index"), "label": _("Campaigns")},
            {"url": reverse("campaigns:inspect", args=[self.campaign.pk]), "label": self.campaign.title},
            {"url": "", "label": self.page_title},
        ]

    def get_list_buttons(self, instance: Message) -> list:
        """Offer nothing: what can be done stands on each message's own page."""
        return []
