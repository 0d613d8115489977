"""New links for a registered person whose old ones came into other hands."""

from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from events.enums import Actor, ChangeKind
from events.errors import LinksStay
from events.models import Registration, RegistrationChange
from events.services import notices, seats

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def renew_links(
    *, registration_id: int, version: int, actor: Actor = Actor.PERSON, by: "User | None" = None, reason: str = ""
) -> Registration:
    """Make every link sent before worthless, to self-service, join page and erasure alike, and mail new ones.

    `version` is that of the links which whoever asks has before them. Where they were replaced meanwhile nothing
    happens, so a form that is sent twice sends one mail. Raises LinksStay unless the registration is live and its
    event is still to take place: nothing would leave that brings the new ones.
    """
    event_id = Registration.objects.values_list("event_id", flat=True).get(pk=registration_id)
    event = seats.lock(event_id)
    registration = Registration.objects.select_related("person").get(pk=registration_id)
    now = clock.now()
    if not registration.is_live or event.is_cancelled or event.is_over:
        raise LinksStay
    if registration.token_version != version:
        return registration
    registration.token_version += 1
    # Calendars hold the join address too, and take a new one only under a higher number.
    registration.revision += 1
    registration.save(update_fields=["token_version", "revision"])
    RegistrationChange.objects.create(
        registration=registration, at=now, what=ChangeKind.LINKS, actor=actor, by=by, reason=reason
    )
    notices.write_anew([registration])
    notices.say_links(event, registration)
    return registration
