"""What the messages of campaigns are about, told to the outbox."""

from collections.abc import Sequence

from django.urls import reverse

from mail.models import Message
from mail.purposes import Purpose
from newsletter.models import Campaign


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
