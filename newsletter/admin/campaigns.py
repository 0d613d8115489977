"""The list of campaigns, and one campaign: who would get it, how far it has come, what can be done."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.views.generic.models import InspectView
from wagtail.admin.viewsets.model import ModelViewSet

from core import languages
from core.exports import MomentColumn, ScreenExportMixin
from newsletter import editions, rendering, rules, translating
from newsletter.admin import campaign_acts as acts
from newsletter.admin.campaign_forms import WhenForm
from newsletter.admin.campaign_words import in_words, readings, why_nobody
from newsletter.admin.left_out import LeftOutView
from newsletter.models import Campaign
from newsletter.services import audiences, books


class CampaignIndex(ScreenExportMixin, IndexView):
    """Every campaign, the newest first."""

    page_title = _("Campaigns")
    any_permission_required = ["view"]

    def get_base_queryset(self) -> QuerySet:
        """Bring along the number of recipients."""
        return Campaign.objects.select_related("mailing").defer("editions")

    def get_list_buttons(self, instance: Campaign) -> list:
        """Offer nothing in the list: what can be done stands on each campaign's own page."""
        return []


class CampaignView(InspectView):
    """One campaign; nothing on it names a person."""

    any_permission_required = ["view"]
    template_name = "newsletter/admin/campaign.html"
    page_title = _("Campaign")

    def get_object(self, queryset: Any = None) -> Campaign | None:
        """Return the campaign with its mailing; nothing where it has been discarded."""
        return Campaign.objects.select_related("mailing", "by").filter(pk=self.pk).first()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the campaign, or lead to the list where it has been discarded."""
        if self.object is None:
            return acts.led_from_discarded(request)
        return super().get(request, *args, **kwargs)

    def get_fields(self) -> list[str]:
        """Return nothing: the template names what it shows."""
        return []

    def get_edit_url(self) -> None:
        """Return nothing: a campaign is changed by what it offers."""

    def get_page_subtitle(self) -> str:
        """Return the issue's title."""
        return self.object.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what a draft would do, or what a campaign under way has done."""
        campaign = self.object
        return super().get_context_data(
            **kwargs,
            campaign=campaign,
            audience=in_words(campaign.audience),
            may_prepare=rules.may_prepare_campaigns(self.request.user),
            may_send=rules.may_send_campaigns(self.request.user),
            **(_of_draft(campaign, self.request.GET.get("at", "")) if campaign.is_draft else _of_mailing(campaign)),
            left_out_url=reverse("campaigns:left_out", args=[campaign.pk])
            if rules.may_see_recipients(self.request.user) and not campaign.is_draft
            else "",
        )


def _of_draft(campaign: Campaign, typed: str) -> dict[str, Any]:
    found = audiences.count_audience(campaign)
    published = editions.published(campaign.issue)
    return {
        "readings": readings(found, translating.unfinished(campaign.issue, published)),
        "total": sum(one.number for one in found),
        "why_nobody": why_nobody(campaign, found),
        "pages": [
            (languages.own_name(code), page.has_unpublished_changes, reverse("wagtailadmin_pages:edit", args=[page.pk]))
            for code, page in published.items()
        ],
        "left_out": [
            (languages.own_name(code), title)
            for code, page in published.items()
            for title in rendering.left_out(page, code)
        ],
        "empty": [languages.own_name(code) for code, page in published.items() if rendering.is_empty(page, code)],
        "same_number": editions.other_of_number(campaign.issue, {page.number for page in published.values()}),
        "when_form": WhenForm(initial={"at": typed}),
    }


def _of_mailing(campaign: Campaign) -> dict[str, Any]:
    return {
        "readings": readings(audiences.Reading(*one) for one in campaign.counted),
        "progress": books.progress(campaign),
        **(_of_pages(campaign) if campaign.is_under_way else {}),
        "changes": campaign.changes.select_related("by"),
    }


def _of_pages(campaign: Campaign) -> dict[str, Any]:
    live = editions.still_there(campaign.editions)
    # Where only some pages have been deleted, some mails leave and some do not: neither sentence would be true.
    return {
        "is_deleted": not live,
        "is_off_the_site": len(live) == len(campaign.editions) and not any(live),
    }


def _total(campaign: Campaign) -> int | None:
    return campaign.mailing.total if campaign.mailing else None


class Campaigns(ModelViewSet):
    """Index, one page for each campaign, and what staff may do to it; nothing is typed into rows."""

    name = "campaigns"
    model = Campaign
    icon = "mail"
    menu_label = _("Campaigns")
    add_to_reference_index = False
    inspect_view_enabled = True
    copy_view_enabled = False
    index_view_class = CampaignIndex
    inspect_view_class = CampaignView
    add_view_class = acts.PrepareView
    list_per_page = 50
    export_filename = "campaigns"
    list_display = [
        "title",
        Column("state", label=_("State"), accessor="shown_state", sort_key="state"),
        Column("total", label=_("Recipients"), accessor=_total, sort_key="mailing__total"),
        MomentColumn("created_at", label=_("Prepared"), sort_key="created_at"),
        MomentColumn("starts_at", label=_("Leaves"), sort_key="starts_at"),
        MomentColumn("finished_at", label=_("Finished"), sort_key="finished_at"),
    ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Leave out every address under which rows could be typed."""
        wanted = super().get_common_view_kwargs(**kwargs)
        doors = {f"{door}_url_name" for door in ("edit", "delete", "history", "usage")}
        return {key: value for key, value in wanted.items() if key not in doors}

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return the addresses that exist."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", acts.PrepareView.as_view(), name="add"),
            path("<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/audience/", acts.AudienceView.as_view(), name="audience"),
            path("<int:pk>/test/", acts.TestView.as_view(), name="test"),
            path("<int:pk>/start/", acts.StartView.as_view(), name="start"),
            path("<int:pk>/sample/<slug:language>/", acts.CampaignSampleView.as_view(), name="sample"),
            path("<int:pk>/pause/", acts.PauseView.as_view(), name="pause"),
            path("<int:pk>/resume/", acts.ResumeView.as_view(), name="resume"),
            path("<int:pk>/cancel/", acts.CancelView.as_view(), name="cancel"),
            path("<int:pk>/discard/", acts.DiscardView.as_view(), name="discard"),
            path("<int:pk>/left-out/", LeftOutView.as_view(), name="left_out"),
            path("<int:pk>/left-out/results/", LeftOutView.as_view(results_only=True), name="left_out_results"),
        ]

    def register_admin_url_finder(self) -> None:
        """Do nothing: there is no edit view to find."""
