"""The suppression list: addresses that must not be written to, why, and for how long."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Lower

from core import clock
from mail.addresses import envelope_address, fingerprint, is_erased
from mail.enums import SuppressionReason, SuppressionStep
from mail.models import Message, Suppression, SuppressionChange
from mail.signals import objection_noted

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

    Other reasons for the same address stay as they are, and an entry is never shortened: that would take the address
    off the list, which is a step of its own. Who asked for no mail for good has whatever they subscribed to ended.
    Raises ValueError for an end that is not to come.
    """
    if until is not None and until <= clock.now():
        raise ValueError("An address is put on the list until a moment to come.")
    ascii_address = envelope_address(address)
    found = fingerprint(ascii_address)
    if reason == SuppressionReason.ASKED and until is None:
        objection_noted.send(sender=Suppression, address=ascii_address, note=note, by=by)
    return _put_on(found, reason, address=ascii_address, note=note, until=until, by=by)


@transaction.atomic
def suppress_reported(
    *,
    address: str,
    reason: SuppressionReason,
    words: str,
    until: datetime | None = None,
    at: datetime | None = None,
) -> None:
    """Put an address on the list because a mail server or a provider told so, in its words.

    They may tell it after the person behind it was erased: the list then learns no more than the hash. What happened
    `at` a moment before the address was taken off the list for this reason does not bring it back.
    """
    ascii_address = envelope_address(address)
    # Locked, so that an erasure of this moment either finds the entry or is seen here; before the list, as it does.
    written_to = Message.objects.alias(lower=Lower("to_address")).filter(lower=ascii_address.lower())
    is_known = written_to.select_for_update(no_key=True).only("pk").first() is not None
    if at is not None and _was_taken_off(fingerprint(ascii_address), reason, since=at):
        return
    named, told = (ascii_address, words) if is_known else ("", "")
    _put_on(fingerprint(ascii_address), reason, address=named, note=told, until=until)


def suppress_bounced(*, address: str, words: str, at: datetime | None = None) -> None:
    """Leave an address alone for MAIL_BOUNCE_KEEP_SECONDS, since its server says, or said `at`, nobody is there."""
    until = clock.now() + timedelta(seconds=settings.MAIL_BOUNCE_KEEP_SECONDS)
    suppress_reported(address=address, reason=SuppressionReason.BOUNCED, words=words, until=until, at=at)


@transaction.atomic
def take_off(*, suppression_id: int, note: str, by: "User | None" = None) -> bool:
    """Take one entry off the list and keep why; return whether it was still there."""
    entry = Suppression.objects.select_for_update().filter(pk=suppression_id).first()
    if entry is None:
        return False
    _note(entry, SuppressionStep.REMOVED, note=note, by=by)
    entry.delete()
    return True


@transaction.atomic
def take_back_objections(*, address: str, note: str) -> int:
    """Let mail to many flow again to somebody who has asked for it since they complained or asked us not to write.

    Bounces and what staff decided stay. Returns how many entries went.
    """
    objections = Suppression.objects.filter(
        address_hash=fingerprint(envelope_address(address)),
        reason__in=[SuppressionReason.ASKED, SuppressionReason.COMPLAINED],
    )
    return sum(take_off(suppression_id=pk, note=note) for pk in objections.order_by("pk").values_list("pk", flat=True))


def suppressed(*, addresses: Collection[str], stream: str) -> set[str]:
    """Return which of the addresses must not get mail of this stream, those of erased people among them."""
    by_hash: dict[str, set[str]] = {}
    for address in addresses:
        by_hash.setdefault(fingerprint(address), set()).add(address)
    entries = Suppression.objects.in_force(now=clock.now()).stopping(stream).filter(address_hash__in=by_hash)
    listed = {address for found in entries.values_list("address_hash", flat=True) for address in by_hash[found]}
    return listed | {address for address in addresses if is_erased(address)}


def _was_taken_off(address_hash: str, reason: SuppressionReason, *, since: datetime) -> bool:
    """Whether an address was taken off the list for this reason since, and is not on it again."""
    # Locked, so that whoever is taking it off in this moment is waited for, and then seen below.
    entries = Suppression.objects.select_for_update().filter(address_hash=address_hash, reason=reason)
    if entries.only("pk").first() is not None:
        return False
    removed = SuppressionChange.objects.filter(
        address_hash=address_hash, reason=reason, step=SuppressionStep.REMOVED, at__gt=since
    )
    return removed.exists()


def _put_on(
    address_hash: str,
    reason: SuppressionReason,
    *,
    address: str,
    note: str,
    until: datetime | None,
    by: "User | None" = None,
) -> Suppression:
    told: dict[str, Any] = {"address": address, "note": note[:LONGEST_NOTE], "created_at": clock.now()}
    entry, is_new = Suppression.objects.select_for_update().get_or_create(
        address_hash=address_hash, reason=reason, defaults={**told, "expires_at": until}
    )
    if not is_new:
        told["expires_at"] = until and entry.expires_at and max(until, entry.expires_at)
        for name, value in told.items():
            setattr(entry, name, value)
        entry.save(update_fields=told)
    step = SuppressionStep.ADDED if is_new else SuppressionStep.RENEWED
    _note(entry, step, note=note, by=by)
    return entry


def _note(entry: Suppression, step: SuppressionStep, *, note: str, by: "User | None") -> None:
    SuppressionChange.objects.create(
        address_hash=entry.address_hash, reason=entry.reason, step=step, note=note[:LONGEST_NOTE], by=by
    )
