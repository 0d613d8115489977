"""Issues of the newsletter that did not go to somebody who asked for it once, and why not."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from core import clock
from mail.models import Message
from newsletter.enums import CampaignState, SubscriberState
from newsletter.models import Campaign, Subscriber
from newsletter.services import audiences, campaigns

MOST_CAMPAIGNS = 50


@dataclass(frozen=True)
class NotSent:
    """A campaign of which somebody was not among the recipients."""

    campaign: Campaign
    why: str


def to(subscribers: Collection[Subscriber]) -> Iterator[NotSent]:
    """Yield the latest campaigns that subscribers, with their interests, were not among; two statements.

    Of what is so old that the outbox may have forgotten it nothing is told, nor of what was cancelled.
    """
    kept = clock.now() - timedelta(days=settings.RETENTION_MAIL_DAYS)
    sent = list(
        Campaign.objects.filter(frozen_at__gt=kept)
        .exclude(state=CampaignState.CANCELLED)
        .order_by("-frozen_at", "-pk")[:MOST_CAMPAIGNS]
    )
    keys = [campaigns.key(campaign, one) for campaign in sent for one in subscribers]
    states = dict(Message.objects.filter(key__in=keys).values_list("key", "state"))
    for one in subscribers:
        had = {
            campaign.issue for campaign in sent if audiences.counts_as_had(states.get(campaigns.key(campaign, one), ""))
        }
        for campaign in sent:
            if campaigns.key(campaign, one) in states or campaign.frozen_at is None:
                continue
            if why := _why_not(one, campaign, had, campaign.frozen_at):
                yield NotSent(campaign, why)


def _why_not(subscriber: Subscriber, campaign: Campaign, had: Collection[object], at: datetime) -> str:
    """Return why somebody was not among the recipients when a campaign was frozen `at`, as far as can be told."""
    if subscriber.state == SubscriberState.ASKED:
        return _("The subscription was asked for and not confirmed.")
    if subscriber.left_at is not None:
        return _why_gone(subscriber) if subscriber.left_at <= at else ""
    if subscriber.confirmed_at is not None and subscriber.confirmed_at > at:
        return _("The subscription was confirmed later.")
    if campaign.issue in had:
        return _("The issue went to this address with another campaign.")
    if not audiences.is_for(campaign, subscriber):
        return _("The campaign was for other languages, countries or topics.")
    return ""


def _why_gone(subscriber: Subscriber) -> str:
    if subscriber.state == SubscriberState.BLOCKED:
        return _("The address was blocked for the newsletter.")
    how = subscriber.get_left_why_display()
    return _("The subscription had ended by %(how)s.") % {"how": how}
