"""Issues of the newsletter that did not go to somebody who asked for it once, and why not."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from core import clock
from mail.models import Message
from newsletter.enums import LeftWhy, SubscriberState
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

    Of what is so old that the outbox may have forgotten it nothing is told, nor of what was cancelled; what had left
    of that before counts as had all the same.
    """
    kept = clock.now() - timedelta(days=settings.RETENTION_MAIL_DAYS)
    frozen = list(Campaign.objects.filter(frozen_at__gt=kept).order_by("-frozen_at", "-pk")[:MOST_CAMPAIGNS])
    keys = [campaigns.key(campaign, one) for campaign in frozen for one in subscribers]
    states = dict(Message.objects.filter(key__in=keys).values_list("key", "state"))
    for one in subscribers:
        had = _first_had(one, frozen, states)
        for campaign in frozen:
            if campaigns.key(campaign, one) in states or campaign.is_cancelled or campaign.frozen_at is None:
                continue
            if why := _why_not(one, campaign, had, campaign.frozen_at):
                yield NotSent(campaign, why)


def _first_had(
    subscriber: Subscriber, frozen: Iterable[Campaign], states: Mapping[str, str]
) -> dict[uuid.UUID, datetime]:
    """Return when the first campaign was frozen with which each issue came; `frozen` are the latest first."""
    return {
        campaign.issue: campaign.frozen_at
        for campaign in frozen
        if campaign.frozen_at and audiences.counts_as_had(states.get(campaigns.key(campaign, subscriber), ""))
    }


def _why_not(subscriber: Subscriber, campaign: Campaign, had: Mapping[uuid.UUID, datetime], at: datetime) -> str:
    """Return why somebody was not among the recipients when a campaign was frozen `at`, as far as can be told."""
    if subscriber.state == SubscriberState.ASKED:
        return _("The subscription was asked for and not confirmed.") if subscriber.asked_at <= at else ""
    if subscriber.left_at is not None:
        return _why_gone(subscriber) if subscriber.left_at <= at else ""
    if subscriber.confirmed_at is not None and subscriber.confirmed_at > at:
        return _("The subscription was confirmed later.")
    if campaign.issue in had and had[campaign.issue] < at:
        return _("The issue went to this address with another campaign.")
    if not audiences.is_for(campaign, subscriber):
        return _("The campaign was for other languages, countries or topics.")
    return ""


def _why_gone(subscriber: Subscriber) -> str:
    # What was never confirmed has not ended either. Staff block addresses too that never asked, which no row tells.
    is_blocked = subscriber.state == SubscriberState.BLOCKED
    if subscriber.confirmed_at is None and (not is_blocked or subscriber.left_why == LeftWhy.STAFF):
        return ""
    if is_blocked:
        return _("The address was blocked for the newsletter.")
    how = subscriber.get_left_why_display()
    return _("The subscription had ended by %(how)s.") % {"how": how}
