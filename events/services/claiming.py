"""Linking registrations made as a guest to the account whose verified address they carry."""

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.services.ending import may_be_given
from core.emailkeys import email_key
from events.enums import Actor, ChangeKind
from events.models import Registration, RegistrationChange

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def claim_registrations(*, person: "User", address: str) -> int:
    """Link the registrations under `address`, which the caller knows to be verified; return how many were linked.

    Nothing is linked to an account that is being ended at this moment: it would have to be taken out of it again while
    others write to whoever got a seat.
    """
    if not may_be_given(person_id=person.pk):
        return 0
    unclaimed = Registration.objects.filter(email_key=email_key(address), person=None)
    # As everywhere, no stronger lock than the change needs: rows that point here can be written meanwhile.
    unclaimed = unclaimed.select_for_update(of=("self",), no_key=True)
    claimed = list(unclaimed.order_by("pk").values_list("pk", flat=True))
    if claimed:
        Registration.objects.filter(pk__in=claimed).update(person=person)
        RegistrationChange.objects.bulk_create(
            RegistrationChange(registration_id=pk, what=ChangeKind.CLAIMED, actor=Actor.PERSON, by=person)
            for pk in claimed
        )
    return len(claimed)
