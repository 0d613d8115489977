"""The demo's sign-ins: one person for each kind of user, all with the same password."""

from dataclasses import dataclass, field

from accounts import roles
from accounts.models import User
from accounts.services import create_person
from core.models import Term

PASSWORD = "gkec-demo"  # noqa: S105  (printed on the terminal: it opens nothing but a demo on loopback)


@dataclass(frozen=True)
class Guest:
    """Who signs in, and what they find when they do."""

    email: str
    display_name: str
    language: str
    timezone: str
    country: str
    organisation: str
    organisation_type: str
    groups: tuple[str, ...] = field(default=())
    is_superuser: bool = False


GUESTS = (
    Guest("admin@gkec.example", "Ada Lindqvist", "en", "Europe/Brussels", "BE", "GKEC", "city-network", (), True),
    Guest(
        "editor@gkec.example",
        "Élise Fontaine",
        "fr",
        "Europe/Paris",
        "FR",
        "GKEC",
        "city-network",
        (roles.EDITORS, roles.EVENT_MANAGERS),
    ),
    Guest(
        "moderator@gkec.example",
        "Mariana Duarte",
        "pt",
        "Europe/Lisbon",
        "PT",
        "GKEC",
        "city-network",
        (roles.MODERATORS,),
    ),
    Guest(
        "coordinator@gkec.example", "Nour El Idrissi", "ar", "Africa/Casablanca", "MA", "Chefchaouen", "local-authority"
    ),
    Guest("learner@gkec.example", "Camilo Restrepo", "es", "America/Bogota", "CO", "Medellín", "local-authority"),
)


def create_guests() -> list[User]:
    """Create the sign-ins that are missing and return all of them."""
    return [_find_or_create(guest) for guest in GUESTS]


def _find_or_create(guest: Guest) -> User:
    found = User.objects.filter(email=guest.email).first()
    if found:
        return found
    return create_person(
        email=guest.email,
        password=PASSWORD,
        groups=guest.groups,
        is_superuser=guest.is_superuser,
        display_name=guest.display_name,
        language=guest.language,
        timezone=guest.timezone,
        country=guest.country,
        organisation=guest.organisation,
        organisation_type=Term.objects.get(vocabulary="organisation-type", slug=guest.organisation_type),
    )
