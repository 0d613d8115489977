"""The order in which rows are locked: the local government first, then a membership of it."""

from collections.abc import Iterable

from django.db import connection

from municipalities.errors import Gone
from municipalities.models import LocalGovernment, Membership


def proposals(country: str) -> None:
    """Let nobody else propose a city of this country until the transaction ends: each of two alike would be new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('municipalities.proposals'), hashtext(%s))", [country.upper()]
        )


def local_government(local_government_id: int) -> LocalGovernment:
    """Return the local government with its row locked until the transaction ends.

    Everything that asks, decides or merges goes through this lock, so that nobody joins a city while it is merged into
    another. Rows that only refer to it are not kept waiting.
    """
    return LocalGovernment.objects.select_for_update(no_key=True).get(pk=local_government_id)


def local_governments(keys: Iterable[int]) -> list[LocalGovernment]:
    """Return several with their rows locked in the order of their keys; unknown ones are left out."""
    return list(LocalGovernment.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))


def membership(membership_id: int, *, gone: type[Gone] = Gone) -> Membership:
    """Return a membership as it is now, with it and its local government locked until the transaction ends.

    Raises `gone` where it is no more.
    """
    try:
        return _membership(membership_id)
    except Membership.DoesNotExist as missing:
        raise gone from missing


def _membership(membership_id: int) -> Membership:
    while True:
        where = Membership.objects.values_list("local_government_id", flat=True).get(pk=membership_id)
        locked = local_government(where)
        found = Membership.objects.select_for_update(of=("self",)).select_related("person").get(pk=membership_id)
        # A merge may have moved it while this waited.
        if found.local_government_id == where:
            found.local_government = locked
            return found
