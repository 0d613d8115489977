"""Issues of the newsletter that did not go to somebody who asked for it once, and why not."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from core import clock
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
    copies = audiences.copies(keys)
    for one in subscribers:
        had = _first_had(one, frozen, copies)
        for campaign in frozen:
            if campaigns.key(campaign, one) in copies or campaign.is_cancelled or campaign.frozen_at is None:
                continue
            if why := _why_not(one, campaign, had, campaign.frozen_at):
                yield NotSent(campaign, why)


def _first_had(
    subscriber: Subscriber, frozen: Iterable[Campaign], copies: Mapping[str, tuple[bool, datetime | None]]
) -> dict[uuid.UUID, datetime]:
    """Return since when somebody has had each issue: the first campaign that brought it, or what staff sent again."""
    had: dict[uuid.UUID, datetime] = {}
    for campaign in frozen:
        is_had, copied_at = copies.get(campaigns.key(campaign, subscriber), (False, None))
        since = campaign.frozen_at if is_had else copied_at
        if since is not None:
            had[campaign.issue] = min(since, had.get(campaign.issue, since))
    return had


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
    return _("The subscription had ended (%(how)s).") % {"how": how}
