"""What a provider tells of a message after it had accepted it: kept beside the message, and acted upon."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Lower

from mail.addresses import BadAddress, envelope_address
from mail.enums import ReportKind, SuppressionReason
from mail.models import Message, Report
from mail.services.suppressing import suppress_bounced, suppress_reported
from mail.signals import objection_reported

_LONGEST_WORDS = 500
OBJECTIONS = (ReportKind.COMPLAINED, ReportKind.UNSUBSCRIBED)


@transaction.atomic
def report(*, what: ReportKind, address: str, message_id: str, event_id: str, words: str) -> bool:
    """Keep a provider's notice and leave the address alone where it says so; return whether it was new.

    Providers tell everything at least once; hearing it again changes nothing. `message_id` is our Message-ID without
    its brackets; a notice about a message that we do not know still speaks of its address.
    """
    try:
        address = envelope_address(address)
    except BadAddress:
        return False
    message = Message.objects.alias(low=Lower("to_address")).filter(low=address.lower(), message_id=f"<{message_id}>")
    found = message.only("pk").first()
    if found is not None and found.reports.filter(what=what, event_id=event_id[:200]).exists():
        return False
    if what in OBJECTIONS:
        objection_reported.send(sender=Report, address=address, what=what)
    if found is not None:
        _entry, is_new = Report.objects.get_or_create(
            message=found, what=what, event_id=event_id[:200], defaults={"words": words[:_LONGEST_WORDS]}
        )
        if not is_new:
            return False
    _act(what, address, words)
    return True


def _act(what: ReportKind, address: str, words: str) -> None:
    note = f"{settings.MAIL_PROVIDER.rpartition('.')[0].rpartition('.')[2]}: {words}".strip(": ")
    if what is ReportKind.BOUNCED:
        suppress_bounced(address=address, words=note)
    elif what is ReportKind.COMPLAINED:
        suppress_reported(address=address, reason=SuppressionReason.COMPLAINED, words=note)
    elif what is ReportKind.UNSUBSCRIBED:
        suppress_reported(address=address, reason=SuppressionReason.ASKED, words=note)
