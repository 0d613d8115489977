"""Taking people out of the outbox: words first, addresses later, and everything at once when somebody asks."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from core import clock
from core.emailkeys import one_spelling
from core.personal import Subject
from mail.addresses import ERASED, BadAddress, envelope_address, fingerprint
from mail.enums import OPEN, WAITING, Reason, State
from mail.models import Attempt, Message, Report, Resend, Suppression, SuppressionChange, Variant
from mail.services.ending import end
from mail.signals import messages_expiring

# Stands where a reason is never empty.
NOTHING = "–"
BLANK: dict[str, Any] = {"subject": "", "text": "", "html": "", "attachments": [], "variant": None}


def messages_of(subject: Subject) -> QuerySet[Message]:
    """Return all mail to an account, and mail to its addresses that belongs to no account."""
    addresses = {_as_sent(address) for address in subject.addresses}
    by_address = Message.objects.alias(lower=Lower("to_address")).filter(person=None, lower__in=addresses)
    if subject.person_id is None:
        return by_address
    # Two indexes answer the two halves; one OR over both would read the whole table.
    own = Message.objects.filter(person=subject.person_id)
    return Message.objects.filter(Q(pk__in=own.values("pk")) | Q(pk__in=by_address.values("pk")))


def suppressions_of(subject: Subject) -> QuerySet[Suppression]:
    """Return what the suppression list holds about the addresses, those the account had before among them."""
    return Suppression.objects.filter(address_hash__in=_hashes(subject))


def former_addresses(subject: Subject) -> set[str]:
    """Return where mail to the account went besides the subject's addresses, in lower case, if it was nobody else's.

    An address to which mail of anybody else went, an account's or a guest's, may be theirs by now.
    """
    if subject.person_id is None:
        return set()
    own = Message.objects.filter(person=subject.person_id).exclude(to_address=ERASED)
    found = set(own.order_by().values_list(Lower("to_address"), flat=True).distinct())
    found -= {_as_sent(address) for address in subject.addresses}
    to_others = Message.objects.alias(lower=Lower("to_address")).filter(lower__in=found)
    found -= set(to_others.exclude(person=subject.person_id).values_list(Lower("to_address"), flat=True))
    of_others = get_user_model().objects.filter(email__in=map(one_spelling, found)).exclude(pk=subject.person_id)
    return found - {_as_sent(address) for address in of_others.values_list("email", flat=True)}


def erase_messages(*, subject: Subject) -> int:
    """Blank every message to somebody, inside the caller's transaction; what had not begun to leave never does.

    The rows stay, for the books of the outbox: kind, state and times, to nobody. A message that is being handed over
    in this moment arrives; the server's answer to it, written afterwards, is blanked by the next purge.
    """
    keys = _locked(subject)
    found = Message.objects.filter(pk__in=keys)
    end(found.filter(state__in=WAITING | {State.LEASED}), State.CANCELLED, Reason.WITHDRAWN)
    forget_addressees(keys)
    return len(keys)


def erase_suppressions(*, subject: Subject) -> int:
    """Take the addresses off the list's rows; their hashes stay, so that an address once suppressed stays suppressed.

    It comes before the messages are blanked, since they alone tell which addresses the account had before.
    The history is found by the address itself: of an entry that was taken off it is all that is left. Who of the staff
    took a step stays: their deed is about them, and goes with their own account.
    """
    # Messages before the list, as whoever writes down what was reported locks them.
    _locked(subject)
    hashes = _hashes(subject)
    # Notes repeat the words of servers, which like to repeat the address.
    SuppressionChange.objects.filter(address_hash__in=hashes).update(note="")
    entries = Suppression.objects.filter(address_hash__in=hashes)
    return entries.exclude(address="").update(address="", note="")


def delete_suppressions(keys: Iterable[int]) -> None:
    """Delete entries of the list, and the history of addresses that are then no longer on it."""
    entries = Suppression.objects.filter(pk__in=list(keys))
    hashes = list(entries.values_list("address_hash", flat=True))
    entries.delete()
    left_the_list().filter(address_hash__in=hashes).delete()


def left_the_list() -> QuerySet[SuppressionChange]:
    """Return the history of addresses that are on the list for no reason any more."""
    entry = Suppression.objects.filter(address_hash=OuterRef("address_hash"))
    return SuppressionChange.objects.filter(~Exists(entry))


def delete_history(keys: Iterable[int]) -> None:
    """Delete steps in the history of the list."""
    SuppressionChange.objects.filter(pk__in=list(keys)).delete()


def blank_words(keys: Iterable[int]) -> None:
    """Forget what messages said, and what was answered to messages whose addressee has been erased."""
    keys = list(keys)
    Message.objects.filter(pk__in=keys, blanked_at=None).update(**BLANK, blanked_at=clock.now())
    erased = Message.objects.filter(pk__in=keys, to_address=ERASED)
    _forget_answers(erased.values("pk"))
    erased.update(last_reply="")


def forget_addressees(keys: Iterable[int]) -> None:
    """Forget what messages said and to whom they went; what servers answered goes too, since it repeats addresses."""
    keys = list(keys)
    _forget_answers(keys)
    # Staff gave it in their own words, which are about the person.
    Resend.objects.filter(Q(original__in=keys) | Q(copy__in=keys)).update(reason=NOTHING)
    Message.objects.filter(pk__in=keys).update(
        **BLANK,
        to_address=ERASED,
        to_name="",
        reply_to="",
        person=None,
        params={},
        last_reply="",
        blanked_at=clock.now(),
    )


def delete_messages(keys: Iterable[int]) -> None:
    """Delete ended messages with their attempts, once whoever keeps books of their mailings has counted."""
    ended = Message.objects.filter(pk__in=list(keys)).exclude(state__in=OPEN)
    mailings = set(ended.exclude(mailing=None).values_list("mailing", flat=True))
    if mailings:
        messages_expiring.send(sender=Message, mailings=mailings)
    ended.delete()


def delete_variants(keys: Iterable[int]) -> None:
    """Delete words that no message shares any more."""
    # Each row costs the database a read of the outbox, which has no index by words: few go in a night.
    Variant.objects.filter(pk__in=list(keys), messages=None).delete()


def _forget_answers(keys: Iterable[int] | QuerySet) -> None:
    Attempt.objects.filter(message__in=keys).update(reply="")
    Report.objects.filter(message__in=keys).update(words="")


def _locked(subject: Subject) -> list[int]:
    # In the order of their keys, so that two erasures never wait for each other.
    return list(messages_of(subject).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def _hashes(subject: Subject) -> list[str]:
    present = {_as_sent(address) for address in subject.addresses}
    return [fingerprint(address) for address in sorted(present | former_addresses(subject))]


def _as_sent(address: str) -> str:
    try:
        return envelope_address(address).lower()
    except BadAddress:
        return address.strip().lower()
