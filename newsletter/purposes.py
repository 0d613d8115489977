"""What the messages of campaigns are about, and why an issue did not go to somebody, told to the outbox."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse

from core.emailkeys import email_key
from mail import kinds
from mail.models import Message
from mail.purposes import Planned, Purpose
from newsletter import not_sent
from newsletter.models import Campaign, Subscriber
from newsletter.services import campaigns


def of_messages(messages: Sequence[Message]) -> dict[int, Purpose]:
    """Return the campaign behind each message that names one; one statement for all."""
    wanted = {one.pk: one.params["campaign"] for one in messages if "campaign" in one.params}
    if not wanted:
        return {}
    titles = dict(Campaign.objects.filter(pk__in=wanted.values()).values_list("pk", "title"))
    return {
        message_pk: Purpose(label=titles[pk], url=reverse("campaigns:inspect", args=[pk]))
        for message_pk, pk in wanted.items()
        if pk in titles
    }


def planned_for(addresses: Collection[str], person: Any) -> list[Planned]:
    """Return the issues that did not go to addresses, or to an account, that asked for them; four statements at most.

    Of whoever never asked for the newsletter nothing is told.
    """
    whose = Q(email_key__in=[email_key(one) for one in addresses])
    if person is not None:
        whose |= Q(person=person)
    subscribers = list(Subscriber.objects.filter(whose).prefetch_related("interests"))
    if not subscribers:
        return []
    what = str(kinds.label(campaigns.KIND))
    return [
        Planned(what, one.campaign.starts_at, Purpose(one.campaign.title, _page(one.campaign)), one.why)
        for one in not_sent.to(subscribers)
        if one.campaign.starts_at is not None
    ]


def _page(campaign: Campaign) -> str:
    return reverse("campaigns:inspect", args=[campaign.pk])
