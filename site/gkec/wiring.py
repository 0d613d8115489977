"""Every reaction that runs against the layers is connected here and nowhere else."""

from typing import Any


def connect() -> None:
    """Connect signals of lower apps to receivers of upper ones; called once, when all apps are ready."""
    from accounts.signals import address_verified
    from events import purposes as event_purposes
    from home import sections, statements
    from mail import footer, purposes
    from municipalities.display import cities_section
    from newsletter import purposes as newsletter_purposes

    address_verified.connect(_claim_registrations, dispatch_uid="gkec.claim_registrations")
    address_verified.connect(_claim_subscription, dispatch_uid="gkec.claim_subscription")
    purposes.provide_purposes(event_purposes.of_messages)
    purposes.provide_purposes(newsletter_purposes.of_messages)
    purposes.provide_planned(event_purposes.planned_for)
    footer.provide(statements.funding_statement)
    sections.fill("cities", template="municipalities/cities.html", context=cities_section)


def _claim_registrations(sender: Any, *, person: Any, address: str = "", **kwargs: Any) -> None:
    from events.services import claim_registrations

    claim_registrations(person=person, address=address or person.email)


def _claim_subscription(sender: Any, *, person: Any, address: str = "", **kwargs: Any) -> None:
    from newsletter.services import claim_subscription

    claim_subscription(person=person, address=address or person.email)
