"""What staff do to a campaign: prepare, test, rehearse and start it, pause, resume, cancel and discard it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from accounts.models import User
from accounts.visitors import signed_in
from core import dates
from core.admin.acts import ActView, ButtonView
from mail import undo
from mail.addresses import BadAddress
from mail.admin.dry_run import DryRunView, SampleView
from mail.models import Message
from newsletter import editions, rules, services, translating
from newsletter.admin.campaign_forms import AudienceForm, PrepareForm, TestForm, WhenForm
from newsletter.admin.campaign_words import readings, sent_tests, why_nobody
from newsletter.campaign_errors import CampaignError, CampaignFrozen, IssueNotPublished, RehearsedOtherwise
from newsletter.enums import CampaignState
from newsletter.models import Campaign
from newsletter.rehearsing import CampaignAudience


class ForStaff(WagtailAdminTemplateMixin):
    """Lets in who has the right that the screen needs, before anything is read."""

    right: Callable[[User], bool] = staticmethod(rules.may_prepare_campaigns)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse everybody else."""
        if not self.right(signed_in(request)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("campaigns:index"), "label": _("Campaigns")},
            {"url": "", "label": self.page_title},
        ]


def led_from_discarded(request: HttpRequest) -> HttpResponse:
    """Lead from any address of a campaign that is gone to the list, and say why."""
    messages.error(request, _("This campaign has been discarded meanwhile."))
    return redirect("campaigns:index")


class OfCampaign(ForStaff):
    """What the screens of one campaign share."""

    kwargs: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead to the list where the draft has been discarded, even while this waits for its row."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Campaign.DoesNotExist:
            return led_from_discarded(request)

    @cached_property
    def campaign(self) -> Campaign:
        """The campaign; raises Campaign.DoesNotExist where it has been discarded."""
        return Campaign.objects.get(pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return the issue's title."""
        return self.campaign.title

    def get_back_url(self) -> str:
        """Return the campaign's own page."""
        return reverse("campaigns:inspect", args=[self.kwargs["pk"]])


class PrepareView(ForStaff, FormView):
    """Asks which issue is sent and to whom; nothing leaves."""

    form_class = PrepareForm
    template_name = "core/admin/act.html"
    page_title = _("Prepare a campaign")

    def get_initial(self) -> dict[str, Any]:
        """Choose the issue from which staff came."""
        return {"issue": self.request.GET.get("issue", "")}

    def form_valid(self, form: PrepareForm) -> HttpResponse:
        """Keep it, and lead to its page."""
        campaign = services.prepare_campaign(
            issue=UUID(form.cleaned_data["issue"]), audience=form.audience, by=signed_in(self.request)
        )
        return redirect("campaigns:inspect", campaign.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what happens next."""
        return super().get_context_data(
            **kwargs,
            sentence=_("Nothing is sent yet: the next screen counts who would get it."),
            button=_("Continue"),
            back_url=reverse("campaigns:index"),
        )


class AudienceView(OfCampaign, FormView):
    """Gives a draft another audience."""

    form_class = AudienceForm
    template_name = "core/admin/act.html"
    page_title = _("Change the audience")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a draft's audience; what is under way has its own page."""
        return super().get(request, *args, **kwargs) if self.campaign.is_draft else redirect(self.get_back_url())

    def get_initial(self) -> dict[str, Any]:
        """Show the audience as it is."""
        return self.campaign.audience

    def form_valid(self, form: AudienceForm) -> HttpResponse:
        """Keep it; a refusal is shown in its own words beside how the campaign stands now."""
        try:
            services.change_campaign(campaign_id=self.campaign.pk, audience=form.audience)
        except CampaignError as refusal:
            messages.error(self.request, str(refusal))
        return redirect(self.get_back_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what happens next."""
        return super().get_context_data(
            **kwargs,
            sentence=_("Nothing is sent yet: the next screen counts who would get it."),
            button=_("Save"),
            back_url=self.get_back_url(),
        )


class TestView(OfCampaign, ActView):
    """Mails the newest words of the issue to one address."""

    __test__ = False

    form_class = TestForm
    page_title = _("Send a test")
    sentence = _("One mail in each language, with the newest words, published or not.")
    button = _("Send a test")
    refusals = (BadAddress, CampaignError)

    def get_initial(self) -> dict[str, Any]:
        """Offer one's own address."""
        return {"to": signed_in(self.request).email}

    def act(self, said: dict[str, Any]) -> list[Message]:
        """Send."""
        return services.send_test(campaign_id=self.campaign.pk, to=said["to"], by=signed_in(self.request))

    def get_done(self, acted: list[Message]) -> str:
        """Say how many were sent."""
        return sent_tests(len(acted))


class Rehearsed(OfCampaign):
    """A draft whose issue can be read in public; any other has nothing to rehearse."""

    right = staticmethod(rules.may_send_campaigns)

    def get_audience(self) -> CampaignAudience:
        """Return the readers."""
        try:
            return CampaignAudience(self.campaign)
        except IssueNotPublished as refusal:
            raise Http404(str(refusal)) from refusal


class StartView(Rehearsed, DryRunView):
    """Shows who would get it and how it would read, and starts it."""

    template_name = "newsletter/admin/campaign_start.html"
    page_title = _("Dry run of a campaign")
    button = _("Freeze the audience and send")
    done: Any = _("The campaign leaves soon. Until then all of it can be taken back.")
    refusals = (CampaignError,)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Rehearse a draft; what is under way has its own page."""
        if not self.campaign.is_draft:
            return redirect(self.get_back_url())
        return self._refused() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Start; a moment that cannot be read starts nothing, since nobody meant at once."""
        if refused := self._refused():
            return refused
        if not self.campaign.is_draft:
            # Started, and perhaps ended, since this dry run was shown: its own page says how it stands.
            return redirect(self.get_back_url())
        if not editions.published(self.campaign.issue):
            # Taken off the site since the dry run, which cannot be shown again.
            messages.error(request, str(IssueNotPublished()))
            return redirect(self.get_back_url())
        return super().post(request, *args, **kwargs)

    @cached_property
    def when(self) -> WhenForm:
        """What staff said about when it leaves."""
        return WhenForm(self.request.GET)

    @property
    def at(self) -> datetime | None:
        """The moment that staff asked for; nothing means soon."""
        return self.when.cleaned_data["at"]

    def _refused(self) -> HttpResponse | None:
        if self.when.is_valid():
            return None
        messages.error(self.request, self.when.errors["at"][0])
        # What was typed comes back into the field.
        return redirect(f"{self.get_back_url()}?{urlencode({'at': self.request.GET['at']})}")

    def get_mark(self) -> str:
        """Return by what the service knows which audience and which words were shown."""
        return editions.mark(self.campaign.audience, editions.published(self.campaign.issue))

    def get_leaves_at(self) -> datetime:
        """Return the moment asked for, or the end of the undo window."""
        return undo.leaves_at(self.at)

    def get_sample_url(self, language: str) -> str:
        """Return the address of the issue's sample."""
        return reverse("campaigns:sample", args=[self.campaign.pk, language])

    def act(self) -> str:
        """Start."""
        seen = self.request.POST.get("seen", "")
        try:
            started = services.start_campaign(
                campaign_id=self.campaign.pk, by=signed_in(self.request), at=self.at, seen=seen
            )
        except RehearsedOtherwise:
            # Changed while this waited for its row: what is shown now must be read anew.
            del self.campaign
            raise
        if started.state != CampaignState.FROZEN:
            # Somebody else was first, and has paused or cancelled it already.
            raise CampaignFrozen
        if self.at is not None and started.starts_at is not None:
            moment = dates.left_to_right(date_format(timezone.localtime(started.starts_at), "Y-m-d H:i e"))
            self.done = _("The campaign leaves at %(moment)s. Until then all of it can be taken back.") % {
                "moment": moment
            }
        return self.get_back_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what each language reads, whence the readers are, and who is passed over."""
        context = super().get_context_data(**kwargs)
        audience: CampaignAudience = context["audience"]
        found = audience.readings()
        return {
            **context,
            "readings": readings(found, translating.unfinished(self.campaign.issue, audience.pages)),
            "why_nobody": why_nobody(self.campaign, found),
            "by_country": audience.by_country(),
            "passed_over": audience.passed_over(),
        }


class CampaignSampleView(Rehearsed, SampleView):
    """The issue's HTML in one language."""

    @cached_property
    def campaign(self) -> Campaign:
        """The campaign; one that is gone has no sample, and the frame of a dry run leads nowhere."""
        return get_object_or_404(Campaign, pk=self.kwargs["pk"])


class CampaignAct(OfCampaign, ButtonView):
    """Does something with one campaign."""

    right = staticmethod(rules.may_send_campaigns)
    refusals = (CampaignError,)


class PauseView(CampaignAct):
    """Holds a campaign."""

    page_title = _("Pause a campaign")
    sentence = _("What has not begun to leave waits until the campaign is resumed or cancelled.")
    button = _("Pause")
    done = _("The campaign is paused.")

    def act(self, said: dict[str, Any]) -> None:
        """Pause."""
        services.pause_campaign(campaign_id=self.campaign.pk, by=signed_in(self.request))


class ResumeView(CampaignAct):
    """Lets a paused campaign go on."""

    page_title = _("Resume a campaign")
    sentence = _("What waits leaves from now on.")
    button = _("Resume")
    done = _("The campaign goes on.")

    def act(self, said: dict[str, Any]) -> None:
        """Resume."""
        services.resume_campaign(campaign_id=self.campaign.pk, by=signed_in(self.request))


class CancelView(CampaignAct):
    """Takes back what has not left."""

    page_title = _("Cancel a campaign")
    sentence = _("Whatever has not begun to leave is taken back and never sent. This cannot be undone.")
    button = _("Cancel the campaign")
    done = _("The campaign is cancelled.")

    def act(self, said: dict[str, Any]) -> None:
        """Cancel."""
        services.cancel_campaign(campaign_id=self.campaign.pk, by=signed_in(self.request))


class DiscardView(CampaignAct):
    """Forgets a draft."""

    right = staticmethod(rules.may_prepare_campaigns)
    page_title = _("Discard a draft")
    sentence = _("The draft is forgotten. Its issue stays.")
    button = _("Discard")
    done = _("The draft is discarded.")

    def act(self, said: dict[str, Any]) -> None:
        """Discard."""
        services.discard_campaign(campaign_id=self.campaign.pk)

    def get_done_url(self, acted: None) -> str:
        """Return to the list."""
        return reverse("campaigns:index")
