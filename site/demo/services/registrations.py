"""Who registered for the demo's webinars: made-up people, seats and waiting list as the services would leave them."""

from datetime import timedelta
from itertools import count
from typing import Any

from core import clock
from core.emailkeys import email_key
from core.models import Term
from demo import content
from events.enums import Actor, ChangeKind, RegistrationState
from events.models import Event, Registration, RegistrationChange
from events.services import Applicant, promote_from_waiting_list, register


def load_registrations(events: dict[str, Event]) -> None:
    """Fill the seats of each webinar named in the data, unless somebody has registered there already.

    The rows are written at once and no mail is asked for: a newcomer's inbox should hold the newcomer's own mails.
    """
    data = content.read("registrations")
    types = {term.slug: term.pk for term in Term.objects.of("organisation-type")}
    for slug, entries in data["registrations"].items():
        event = events[slug]
        if not event.registrations.exists():
            _fill(event, [{**data["people"][entry["person"]], **entry} for entry in entries], types)
            promote_from_waiting_list(event_id=event.pk)


def register_guest(*, event: Event, person: Any) -> None:
    """Register one of the sign-ins as they would themselves."""
    if not Registration.objects.filter(event=event, email_key=email_key(person.email)).exists():
        register(
            event_id=event.pk,
            applicant=Applicant(
                name=person.display_name,
                email=person.email,
                language=person.language,
                timezone=person.timezone,
                country=person.country,
                organisation=person.organisation,
                organisation_type_id=person.organisation_type_id,
                person=person,
            ),
        )


def _fill(event: Event, entries: list[dict[str, Any]], types: dict[str, int]) -> None:
    """Write the registrations of one event, the earliest first; `hours_ago` counts from now or from the start."""
    latest = min(clock.now(), event.starts_at)
    waiting = count(1)
    rows = [
        Registration(
            uuid=content.key("registration", event.slug, entry["email"]),
            event=event,
            name=entry["name"],
            email=entry["email"],
            email_key=email_key(entry["email"]),
            country=entry["country"],
            organisation=entry["organisation"],
            organisation_type_id=types[entry["organisation_type"]],
            language=entry["language"],
            timezone=entry["timezone"],
            state=entry["state"],
            waiting_number=next(waiting) if entry["state"] == RegistrationState.WAITING else None,
            registered_at=latest - timedelta(hours=entry["hours_ago"]),
        )
        for entry in entries
    ]
    RegistrationChange.objects.bulk_create(
        RegistrationChange(
            registration=row,
            at=row.registered_at,
            what=ChangeKind.CONFIRMED if row.is_confirmed else ChangeKind.WAITING,
            actor=Actor.PERSON,
        )
        for row in Registration.objects.bulk_create(rows)
    )
