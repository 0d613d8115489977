"""Local governments for tests."""

from itertools import count
from typing import Any

from core.models import Term
from municipalities.models import LocalGovernment

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
