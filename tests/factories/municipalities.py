"""Local governments for tests."""

from datetime import timedelta
from itertools import count
from typing import Any

from core import clock
from core.models import Term
from municipalities.enums import MembershipRole, MembershipState, Standing
from municipalities.models import LocalGovernment, Membership
from tests.factories.accounts import PersonFactory

_numbers = count(1)


def term(vocabulary: str, slug: str) -> Term:
    """Return a term of a vocabulary, as the migrations or this call made it."""
    labels = {"en": slug.replace("-", " ").capitalize()}
    return Term.objects.get_or_create(vocabulary=vocabulary, slug=slug, defaults={"labels": labels})[0]


def local_government(**fields: Any) -> LocalGovernment:
    """Make a listed municipality in Northern Europe, without any fact that it need not have."""
    number = next(_numbers)
    return LocalGovernment.objects.create(
        **{
            "slug": f"city-{number}",
            "name": f"City {number}",
            "country": "SE",
            "kind": term("local-government-kind", "municipality"),
            "subregion": term("world-subregion", "154"),
            "timezone": "Europe/Stockholm",
            **fields,
        }
    )


def proposed(**fields: Any) -> LocalGovernment:
    """Make a local government that somebody proposed: name and country, nothing else."""
    missing = {"kind": None, "subregion": None, "timezone": "", "standing": Standing.PENDING}
    return local_government(**{**missing, **fields})


def membership(**fields: Any) -> Membership:
    """Make a current member of a team, approved a week ago; `state` asked, declined or ended makes it so."""
    now = clock.now()
    state = fields.setdefault("state", MembershipState.APPROVED)
    fields.setdefault("role", MembershipRole.MEMBER)
    if "person" not in fields:
        fields["person"] = PersonFactory()
    if "local_government" not in fields:
        fields["local_government"] = local_government()
    if state != MembershipState.ASKED:
        fields.setdefault("decided_at", now - timedelta(days=7))
    if state in (MembershipState.APPROVED, MembershipState.ENDED):
        fields.setdefault("starts_on", now.date() - timedelta(days=7))
    if state == MembershipState.ENDED:
        fields.setdefault("ends_on", now.date())
    fields.setdefault("asked_at", now - timedelta(days=8))
    return Membership.objects.create(**fields)


def coordinator(**fields: Any) -> Membership:
    """Make a current coordinator's membership."""
    return membership(**{"role": MembershipRole.COORDINATOR, **fields})
