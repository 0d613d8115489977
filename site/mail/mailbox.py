"""All that the outbox knows of one person or address: the reads behind "why did X (not) get this?"."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from core.emailkeys import one_spelling
from mail.addresses import ERASED, BadAddress, envelope_address, fingerprint
from mail.models import Message, Suppression, SuppressionChange

MOST_CANDIDATES = 20


@dataclass(frozen=True)
class Listed:
    """What the suppression list knows of one address: what stops its mail, or stopped it, and how it came to that."""

    address: str
    entries: list[Suppression]
    changes: list[SuppressionChange]


@dataclass(frozen=True)
class Mailbox:
    """Whose mail is looked at: lower-case addresses, and the account, if there is one."""

    addresses: tuple[str, ...]
    person: Any = None

    def messages(self) -> QuerySet[Message]:
        """Return every message, newest first, with all that the page shows."""
        whose = Q(lower_address__in=self.addresses)
        if self.person is not None:
            whose |= Q(person=self.person)
        found = Message.objects.alias(lower_address=Lower("to_address")).filter(whose)
        shown = found.defer("text", "html", "attachments").prefetch_related("tries", "resends__by")
        return shown.select_related("mailing", "resent_from__by").order_by("-id")

    def listed(self) -> list[Listed]:
        """Return what the suppression list knows of each address, then of those where mail to the account went before.

        What was suppressed was so by the address it had, which need not be the present one.
        """
        addresses = {fingerprint(address): address for address in (*self.addresses, *self._former())}
        entries, changes = defaultdict(list), defaultdict(list)
        for entry in Suppression.objects.filter(address_hash__in=addresses):
            entries[entry.address_hash].append(entry)
        for change in SuppressionChange.objects.filter(address_hash__in=addresses).select_related("by"):
            changes[change.address_hash].append(change)
        return [Listed(address, entries[one], changes[one]) for one, address in addresses.items()]

    def _former(self) -> list[str]:
        if self.person is None:
            return []
        sent = Message.objects.filter(person=self.person).exclude(to_address=ERASED).order_by()
        return sorted(set(sent.values_list(Lower("to_address"), flat=True).distinct()) - set(self.addresses))


def of_person(person: Any) -> Mailbox:
    """Return the mailbox of an account; mail sent to it under former addresses is found by the account."""
    try:
        return Mailbox((envelope_address(person.email).lower(),), person)
    except BadAddress:
        return Mailbox((), person)


def of_address(text: str) -> Mailbox:
    """Return the mailbox of an address, with the account that has it; raises BadAddress for anything else."""
    address = envelope_address(text).lower()
    return Mailbox((address,), get_user_model().objects.filter(email=one_spelling(text)).first())


def candidates(words: str) -> list[str]:
    """Return up to MOST_CANDIDATES addresses that hold these words, from the outbox, the accounts and the list."""
    found: set[str] = set()
    for queryset, field in (
        (Message.objects.all(), "to_address"),
        (get_user_model().objects.all(), "email"),
        (Suppression.objects.all(), "address"),
    ):
        matching = queryset.filter(**{f"{field}__icontains": words}).order_by().annotate(lower=Lower(field))
        found.update(matching.values_list("lower", flat=True).distinct()[:MOST_CANDIDATES])
    return sorted(found)[:MOST_CANDIDATES]


def is_address(text: str) -> bool:
    """Whether the words are one whole address rather than a part of one."""
    try:
        envelope_address(text)
    except BadAddress:
        return False
    return True
