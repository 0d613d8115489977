"""What event mails are about, told to the outbox."""

from collections.abc import Sequence

from django.urls import reverse

from events.models import Registration
from mail.models import Message
from mail.purposes import Purpose


def of_messages(messages: Sequence[Message]) -> dict[int, Purpose]:
    """Return the registration and event behind each message that names a registration; one statement for all."""
    wanted = {one.pk: one.params["registration"] for one in messages if "registration" in one.params}
    if not wanted:
        return {}
    rows = Registration.objects.filter(pk__in=wanted.values()).values_list("pk", "name", "event__title")
    found = {pk: (name, title) for pk, name, title in rows}
    return {
        message_pk: Purpose(label=f"{found[pk][1]} ({found[pk][0]})", url=reverse("registrations:inspect", args=[pk]))
        for message_pk, pk in wanted.items()
        if pk in found
    }
