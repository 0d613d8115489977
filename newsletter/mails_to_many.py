"""What an issue says to each of its readers, and what a test of it says to staff."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mail import kinds
from mail.enums import Stream
from mail.kinds import Fillings, MailKind, NoLongerMakesSense, Rendering
from mail.models import Message
from newsletter import addresses, editions, rendering, unsent
from newsletter.enums import CampaignState, SubscriberState
from newsletter.models import Campaign, NewsletterPage
from newsletter.services import audiences, campaigns

# By hand, since a mail-out asks it of each group: Django takes three times as long to put a statement together as
# PostgreSQL to answer it. Which campaigns are cancelled is looked up once and comes with each row.
_READERS = """
    SELECT id, uuid, state, ARRAY (
        SELECT id FROM newsletter_campaign WHERE id = ANY (%(campaigns)s) AND state = %(cancelled)s
    )
    FROM newsletter_subscriber WHERE id = ANY (%(subscribers)s)
"""


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
            why_not_again=why_not_again,
        )
    )
    kinds.register(MailKind(campaigns.TEST_KIND, test, gettext_lazy("Test of a newsletter")))


def issue(params: Mapping[str, Any], language: str) -> Rendering:
    """Write an issue for the readers of one language, in the words that were frozen when its campaign was started."""
    campaign = Campaign.objects.filter(pk=params["campaign"]).first()
    edition = campaign.editions.get(editions.chosen(language, campaign.editions)) if campaign else None
    page = editions.as_frozen(edition) if edition else None
    if page is None:
        raise NoLongerMakesSense(unsent.DELETED)
    return rendering.write(page, language)


def own_addresses(messages: Sequence[Message]) -> Fillings:
    """Return the way out and the preferences of each recipient; one statement for all."""
    # Of somebody who was erased while it was on its way nothing is left that could be filled in.
    messages = [message for message in messages if "subscriber" in message.params]
    values: dict[str, Any] = {
        "subscribers": [message.params["subscriber"] for message in messages],
        "campaigns": list({message.params["campaign"] for message in messages}),
        "cancelled": CampaignState.CANCELLED.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_READERS, values)
        found = {pk: row for pk, *row in cursor.fetchall()}
    return {
        message.pk: _own(message, *found[message.params["subscriber"]])
        for message in messages
        if message.params["subscriber"] in found
    }


def why_not_again(message: Message) -> str:
    """Return why a copy would not be right now: the issue came by another way, or its campaign stands still."""
    # Of what was erased there is nothing to say here: it cannot be written any more.
    if "subscriber" not in message.params:
        return ""
    try:
        # A campaign that is being started might count on this person, and must be waited for.
        campaign = campaigns.locked_with_its_issue(message.params["campaign"])
    except Campaign.DoesNotExist:
        return ""
    if campaign.state == CampaignState.PAUSED:
        return _("Its campaign is paused. Resume it first.")
    if audiences.has_had(campaign, message.params["subscriber"]):
        return _("This person has had the issue by another campaign.")
    return ""


def test(message: Message) -> Rendering:
    """Write the newest words of a page for staff; its links to subscriptions lead to nobody's."""
    page = editions.as_frozen(message.params)
    if page is None:
        raise NoLongerMakesSense(unsent.DELETED)
    written = sample(page, message.language)
    return replace(written, subject=_("Test: %(subject)s") % {"subject": written.subject})


def sample(page: NewsletterPage, language: str) -> Rendering:
    """Write a page for a reader who does not exist."""
    written = rendering.write(page, language)
    nowhere = {"unsubscribe_url": f"{settings.BASE_URL}/", "preferences_url": f"{settings.BASE_URL}/"}
    return replace(written, context={**written.context, **nowhere})


def _own(
    message: Message, identifier: uuid.UUID, state: str, cancelled: Sequence[int]
) -> Mapping[str, str] | NoLongerMakesSense:
    if message.params["campaign"] in cancelled:
        return NoLongerMakesSense(unsent.CANCELLED)
    if state == SubscriberState.BLOCKED:
        return NoLongerMakesSense(unsent.BLOCKED)
    if state != SubscriberState.CONFIRMED:
        return NoLongerMakesSense(unsent.ENDED)
    return {
        "unsubscribe_url": addresses.unsubscribe_url(identifier),
        "preferences_url": addresses.preferences_url(identifier, message.language),
    }
