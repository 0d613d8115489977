"""The suppression list: addresses that must not be written to, why, and for how long."""

from collections.abc import Collection
from datetime import datetime

from core import clock
from mail.addresses import envelope_address, fingerprint, is_erased
from mail.enums import SuppressionReason
from mail.models import Suppression


def suppress(*, address: str, reason: SuppressionReason, note: str = "", until: datetime | None = None) -> Suppression:
    """Put an address on the list, or give it a new reason; mail waiting for it ends as suppressed when it is due."""
    ascii_address = envelope_address(address)
    entry, _is_new = Suppression.objects.update_or_create(
        address_hash=fingerprint(ascii_address),
        defaults={
            "address": ascii_address,
            "reason": reason,
            "note": note,
            "expires_at": until,
            "created_at": clock.now(),
        },
    )
    return entry


def unsuppress(*, address: str) -> bool:
    """Take an address off the list; return whether it was on it."""
    number, _by_model = Suppression.objects.filter(address_hash=fingerprint(envelope_address(address))).delete()
    return number > 0


def suppressed(*, addresses: Collection[str], stream: str) -> set[str]:
    """Return which of the addresses must not get mail of this stream, those of erased people among them."""
    by_hash = {fingerprint(address): address for address in addresses}
    entries = Suppression.objects.in_force(now=clock.now()).stopping(stream).filter(address_hash__in=by_hash)
    listed = {by_hash[found] for found in entries.values_list("address_hash", flat=True)}
    return listed | {address for address in addresses if is_erased(address)}
