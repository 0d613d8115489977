"""The language and time zone in which a person hears about their registration."""

from typing import TYPE_CHECKING

from django.db import transaction

from events.enums import Actor, ChangeKind
from events.models import Registration, RegistrationChange
from events.services import planning

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def change_preferences(*, registration_id: int, language: str, timezone: str, by: "User | None" = None) -> Registration:
    """Store in which language and zone the person is written to; seats are not touched, so no event is locked."""
    # A weaker lock than the one that a reminder's foreign key waits for, since planning holds that person's reminders.
    registration = Registration.objects.select_for_update(of=("self",), no_key=True).get(pk=registration_id)
    if (registration.language, registration.timezone) == (language, timezone):
        return registration
    registration.language, registration.timezone = language, timezone
    registration.save(update_fields=["language", "timezone"])
    RegistrationChange.objects.create(registration=registration, what=ChangeKind.PREFERENCES, actor=Actor.PERSON, by=by)
    planning.ask_again(registration=registration)
    return registration
