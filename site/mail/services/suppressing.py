"""The suppression list: addresses that must not be written to, why, and for how long."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from core import clock
from mail.addresses import envelope_address, fingerprint, is_erased
from mail.enums import SuppressionReason, SuppressionStep
from mail.models import Suppression, SuppressionChange

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_NOTE = 500


@transaction.atomic
def suppress(
    *,
    address: str,
    reason: SuppressionReason,
    note: str = "",
    until: datetime | None = None,
    by: "User | None" = None,
) -> Suppression:
    """Put an address on the list for a reason, or renew it; mail waiting for it ends as suppressed when it is due.

    Other reasons for the same address stay as they are.
    """
    ascii_address = envelope_address(address)
    entry, is_new = Suppression.objects.update_or_create(
        address_hash=fingerprint(ascii_address),
        reason=reason,
        defaults={
            "address": ascii_address,
            "note": note[:LONGEST_NOTE],
            "expires_at": until,
            "created_at": clock.now(),
        },
    )
    step = SuppressionStep.ADDED if is_new else SuppressionStep.RENEWED
    _note(entry, step, note=note, by=by)
    return entry


def suppress_bounced(*, address: str, words: str) -> Suppression:
    """Leave an address alone for MAIL_BOUNCE_KEEP_SECONDS, since its server says that nobody is there."""
    until = clock.now() + timedelta(seconds=settings.MAIL_BOUNCE_KEEP_SECONDS)
    return suppress(address=address, reason=SuppressionReason.BOUNCED, note=words, until=until)


@transaction.atomic
def take_off(*, suppression_id: int, note: str, by: "User | None" = None) -> bool:
    """Take one entry off the list and keep why; return whether it was still there."""
    entry = Suppression.objects.select_for_update().filter(pk=suppression_id).first()
    if entry is None:
        return False
    _note(entry, SuppressionStep.REMOVED, note=note, by=by)
    entry.delete()
    return True


def suppressed(*, addresses: Collection[str], stream: str) -> set[str]:
    """Return which of the addresses must not get mail of this stream, those of erased people among them."""
    by_hash: dict[str, set[str]] = {}
    for address in addresses:
        by_hash.setdefault(fingerprint(address), set()).add(address)
    entries = Suppression.objects.in_force(now=clock.now()).stopping(stream).filter(address_hash__in=by_hash)
    listed = {address for found in entries.values_list("address_hash", flat=True) for address in by_hash[found]}
    return listed | {address for address in addresses if is_erased(address)}


def _note(entry: Suppression, step: SuppressionStep, *, note: str, by: "User | None") -> None:
    SuppressionChange.objects.create(
        address_hash=entry.address_hash, reason=entry.reason, step=step, note=note[:LONGEST_NOTE], by=by
    )
