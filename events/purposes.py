"""What event mails are about, told to the outbox."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from events.enums import ReminderState
from events.models import Registration, Reminder
from mail.models import Message
from mail.purposes import Planned, Purpose

MOST_PLANNED = 50


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


def planned_for(addresses: Collection[str], person: Any) -> list[Planned]:
    """Return the reminders that are still to come for some addresses and an account; one statement."""
    whose = Q(registration__email_key__in=addresses)
    if person is not None:
        whose |= Q(registration__person=person)
    coming = Reminder.objects.filter(whose, state=ReminderState.PLANNED).select_related("registration__event")
    return [
        Planned(
            _("Reminder"),
            one.due_at,
            Purpose(one.registration.event.title, reverse("registrations:inspect", args=[one.registration_id])),
        )
        for one in coming.order_by("due_at")[:MOST_PLANNED]
    ]
