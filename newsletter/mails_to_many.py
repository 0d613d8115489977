"""What an issue says to each of its readers, and what a test of it says to staff."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mail import kinds
from mail.enums import Stream
from mail.kinds import Fillings, MailKind, NoLongerMakesSense, Rendering
from mail.models import Message
from newsletter import addresses, editions, rendering
from newsletter.enums import CampaignState
from newsletter.models import Campaign, NewsletterPage, Subscriber
from newsletter.services import campaigns


def register_kinds() -> None:
    """Make these mails known to the outbox; called once, when the app is ready."""
    kinds.register(
        MailKind(
            campaigns.KIND,
            None,
            gettext_lazy("Newsletter"),
            stream=Stream.BULK,
            render_variant=issue,
            variant_params=("campaign",),
            fill=own_addresses,
        )
    )
    kinds.register(MailKind(campaigns.TEST_KIND, test, gettext_lazy("Test of a newsletter")))


def issue(params: Mapping[str, Any], language: str) -> Rendering:
    """Write an issue for the readers of one language, in the words that were frozen when its campaign was started."""
    campaign = Campaign.objects.filter(pk=params["campaign"]).first()
    edition = campaign.editions.get(editions.chosen(language, campaign.editions)) if campaign else None
    page = editions.as_frozen(edition) if edition else None
    if page is None:
        raise NoLongerMakesSense("The issue has been deleted.")
    return rendering.write(page, language)


def own_addresses(messages: Sequence[Message]) -> Fillings:
    """Return the way out and the preferences of each recipient; two statements for all."""
    wanted = {message.pk: message.params for message in messages}
    cancelled = set(
        Campaign.objects.filter(
            pk__in={one["campaign"] for one in wanted.values()}, state=CampaignState.CANCELLED
        ).values_list("pk", flat=True)
    )
    found = Subscriber.objects.only("uuid", "state").in_bulk({one["subscriber"] for one in wanted.values()})
    return {
        message.pk: _own(found[message.params["subscriber"]], message, message.params["campaign"] in cancelled)
        for message in messages
        if message.params["subscriber"] in found
    }


def test(message: Message) -> Rendering:
    """Write the newest words of a page for staff; its links to subscriptions lead to nobody's."""
    page = editions.as_frozen(message.params)
    if page is None:
        raise NoLongerMakesSense("The issue has been deleted.")
    written = sample(page, message.language)
    return replace(written, subject=_("Test: %(subject)s") % {"subject": written.subject})


def sample(page: NewsletterPage, language: str) -> Rendering:
    """Write a page for a reader who does not exist."""
    written = rendering.write(page, language)
    nowhere = {"unsubscribe_url": f"{settings.BASE_URL}/", "preferences_url": f"{settings.BASE_URL}/"}
    return replace(written, context={**written.context, **nowhere})


def _own(subscriber: Subscriber, message: Message, is_cancelled: bool) -> Mapping[str, str] | NoLongerMakesSense:
    if is_cancelled:
        return NoLongerMakesSense("The campaign has been cancelled.")
    if not subscriber.is_confirmed:
        return NoLongerMakesSense("The subscription has ended.")
    return {
        "unsubscribe_url": addresses.unsubscribe_url(subscriber),
        "preferences_url": addresses.preferences_url(subscriber, message.language),
    }
