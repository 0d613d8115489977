"""All that the outbox knows of one person or address: the reads behind "why did X (not) get this?"."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from core.emailkeys import one_spelling
from mail.addresses import BadAddress, envelope_address, fingerprint
from mail.models import Message, Suppression, SuppressionChange

MOST_CANDIDATES = 20


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
        found = (
            Message.objects.defer("text", "html", "attachments").alias(lower_address=Lower("to_address")).filter(whose)
        )
        return (
            found.prefetch_related("tries", "resends__by").select_related("mailing", "resent_from__by").order_by("-id")
        )

    def suppressions(self) -> list[Suppression]:
        """Return what stops, or stopped until it expired, mail to these addresses."""
        return list(Suppression.objects.filter(address_hash__in=self._hashes()))

    def changes(self) -> list[SuppressionChange]:
        """Return how these addresses came on the list and left it, which is known also when they are off it."""
        return list(SuppressionChange.objects.filter(address_hash__in=self._hashes()).select_related("by"))

    def _hashes(self) -> list[str]:
        return [fingerprint(address) for address in self.addresses]


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
