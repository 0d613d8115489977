"""What a provider tells of a message after it had accepted it: kept beside the message, and acted upon."""

from datetime import datetime, timedelta, timezone

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Lower

from core import clock
from mail.addresses import BadAddress, envelope_address
from mail.enums import ReportKind, SuppressionReason
from mail.models import Message, Report
from mail.services.suppressing import suppress_bounced, suppress_reported
from mail.signals import objection_reported

_LONGEST_WORDS = 500
OBJECTIONS = (ReportKind.COMPLAINED, ReportKind.UNSUBSCRIBED)
# A provider's clock may be behind ours, and many tell whole seconds only.
CLOCKS_DIFFER = timedelta(minutes=1)
# Nowhere on earth is it earlier.
_LAST_ZONE = timezone(timedelta(hours=-12))


@transaction.atomic
def report(
    *, what: ReportKind, address: str, message_id: str, event_id: str, words: str, at: datetime | None = None
) -> bool:
    """Keep a provider's notice and leave the address alone where it says so; return whether it was new.

    Providers tell everything at least once; hearing it again changes nothing. `message_id` is our Message-ID without
    its brackets; a notice about a message that we do not know still speaks of its address. `at` is when it happened,
    as the provider tells it: a notice that comes late undoes nothing that was decided since.
    """
    try:
        address = envelope_address(address)
    except BadAddress:
        return False
    message = Message.objects.alias(low=Lower("to_address")).filter(low=address.lower(), message_id=f"<{message_id}>")
    found = message.only("pk", "kind").first()
    if found is not None and found.reports.filter(what=what, event_id=event_id[:200]).exists():
        return False
    latest = _latest(at)
    is_outdated = False
    if what in OBJECTIONS:
        kind = found.kind if found else ""
        answers = objection_reported.send(sender=Report, address=address, what=what, kind=kind, at=latest)
        is_outdated = any(answer for _receiver, answer in answers)
    # A purge may have forgotten it since; locked only now, since subscribers come before messages.
    if found is not None and Message.objects.select_for_update(no_key=True).filter(pk=found.pk).values("pk").first():
        _entry, is_new = Report.objects.get_or_create(
            message=found, what=what, event_id=event_id[:200], defaults={"words": words[:_LONGEST_WORDS]}
        )
        if not is_new:
            return False
    if not is_outdated:
        _act(what, address, words, latest)
    return True


def _latest(at: datetime | None) -> datetime:
    """Return the latest moment when it may have happened: where that is not certain, a no is the newer word."""
    now = clock.now()
    if at is None:
        return now
    at = at.replace(tzinfo=_LAST_ZONE) if at.utcoffset() is None else at
    return at + CLOCKS_DIFFER if at < now - CLOCKS_DIFFER else now


def _act(what: ReportKind, address: str, words: str, at: datetime) -> None:
    note = f"{settings.MAIL_PROVIDER.rpartition('.')[0].rpartition('.')[2]}: {words}".strip(": ")
    if what is ReportKind.BOUNCED:
        suppress_bounced(address=address, words=note, at=at)
    elif what is ReportKind.COMPLAINED:
        suppress_reported(address=address, reason=SuppressionReason.COMPLAINED, words=note, at=at)
    elif what is ReportKind.UNSUBSCRIBED:
        suppress_reported(address=address, reason=SuppressionReason.ASKED, words=note, at=at)
