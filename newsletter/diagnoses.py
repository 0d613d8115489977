"""Which campaigns have been forgotten, in sentences on the page on the site's health and in `mail_doctor`."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock, health
from core.diagnoses import told
from core.health import Finding, Level, Section
from mail.isolates import isolate
from mail.models import Message
from newsletter.enums import CampaignState, CampaignStep
from newsletter.models import Campaign, CampaignChange


def register() -> None:
    """Make the checks known; called once, when the app is ready."""
    health.register("campaign-paused", Section.MAIL, paused)
    health.register("campaign-still", Section.MAIL, still)


def paused() -> Iterator[Finding]:
    """Whether somebody paused a campaign and went home; one statement."""
    since = clock.now() - timedelta(hours=settings.CAMPAIGN_PAUSED_HOURS)
    for one in Campaign.objects.filter(state=CampaignState.PAUSED, paused_at__lt=since):
        assert one.paused_at is not None
        sentence = _("The campaign “%(title)s” has been paused since %(time)s.")
        advice = _("Resume or cancel it: its readers wait.")
        yield _finding(
            "campaign-paused", one, sentence % {"title": isolate(one.title), "time": told(one.paused_at)}, advice
        )


def still() -> Iterator[Finding]:
    """Whether a campaign is being sent and nothing of it leaves, though some of it should; one statement."""
    since = clock.now() - timedelta(minutes=settings.CAMPAIGN_STILL_MINUTES)
    own = Message.objects.filter(mailing=OuterRef("mailing"))
    resumed = CampaignChange.objects.filter(campaign=OuterRef("pk"), what=CampaignStep.RESUMED, at__gte=since)
    # A sweep writes down that a campaign leaves by now; it counts before.
    leaving = Campaign.objects.filter(state__in=[CampaignState.FROZEN, CampaignState.SENDING], starts_at__lt=since)
    for one in leaving.filter(
        Exists(own.waiting().filter(due_at__lt=since)), ~Exists(own.filter(finished_at__gte=since)), ~Exists(resumed)
    ):
        sentence = ngettext(
            "Nothing of the campaign “%(title)s” has left for %(minutes)s minute, though it is being sent.",
            "Nothing of the campaign “%(title)s” has left for %(minutes)s minutes, though it is being sent.",
            settings.CAMPAIGN_STILL_MINUTES,
        )
        values = {"title": isolate(one.title), "minutes": settings.CAMPAIGN_STILL_MINUTES}
        yield _finding("campaign-still", one, sentence % values, _("The other sentences say why."))


def _finding(name: str, campaign: Campaign, sentence: str, advice: str) -> Finding:
    return Finding(name, Level.ATTENTION, sentence, advice, reverse("campaigns:inspect", args=[campaign.pk]))
