"""Erasing again, after the restore of a backup, whoever was erased since it was made."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import erasures
from accounts.enums import Right
from accounts.erasures import Note
from accounts.errors import LastAdministrator
from accounts.models import DataRequest, User
from accounts.services.rights import erase_everywhere, erase_latecomers, subject_of
from core import clock, personal, secretkeys
from core.personal import Subject


@dataclass
class Repeated:
    """What became of the erasures of which the database knew nothing."""

    erased: int = 0
    # Came after the backup was made, so there was nobody to erase.
    absent: int = 0
    # Each of these is tried again when this is run again.
    refused: int = 0
    unreadable: int = 0

    def in_words(self) -> list[str]:
        """Return sentences for whoever restores, in English as commands speak."""
        said = [f"Erasures since the backup: {self.erased + self.absent} repeated, {self.erased} with data in it."]
        if self.refused:
            said.append(
                f"{self.refused} not repeated, since the only administrator is meant: make another one, then run"
                " `repeat_erasures`."
            )
        if self.unreadable:
            said.append(
                f"{self.unreadable} cannot be read: put the SECRET_KEY of that time into SECRET_KEY_FALLBACKS, then run"
                " `repeat_erasures`."
            )
        return said


def repeat_erasures() -> Repeated:
    """Erase whom the notes mark and the database does not know to be erased; safe to run again.

    An erasure whose entry in the log of requests is there was made before the backup, or has been repeated: whoever
    has come back since is left alone. Call it while no visitor is served.
    """
    done = Repeated()
    keys = secretkeys.by_mark()
    pending = []
    for note in _pending():
        if note is None or note.key not in keys:
            done.unreadable += 1
        else:
            pending.append(note)
    accounts, addresses = _marked(pending)
    for note in pending:
        _repeat(note, _subject(note, accounts, addresses), done)
    return done


def forget_old_notes() -> None:
    """Delete the notes of erasures that no backup can be older than."""
    erasures.forget(before=_since())


def _since() -> datetime:
    # Without its entry in the log an erasure would look like one that has to be repeated.
    days = min(settings.RETENTION_BACKUP_DAYS, settings.RETENTION_HISTORY_DAYS)
    return clock.now() - timedelta(days=days)


def _pending() -> Iterator[Note | None]:
    """Yield what the database does not know of, and None for each note that cannot be read."""
    since = _since()
    known = set(DataRequest.objects.filter(what=Right.ERASURE, at__gte=since).values_list("at", flat=True))
    for note in erasures.read():
        if note is None or (note.at >= since and note.at not in known):
            yield note


def _marked(notes: list[Note]) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Return which accounts and which addresses, as they are written in rows, the notes mean, each by its mark."""
    wanted = {mark for note in notes for mark in note.marks}
    keys = secretkeys.by_mark()
    accounts: dict[str, int] = {}
    addresses: dict[str, set[str]] = defaultdict(set)
    for secret in [keys[mark] for mark in {note.key for note in notes}]:
        for number in User.objects.values_list("pk", flat=True).iterator():
            if (mark := erasures.of_account(number, secret=secret)) in wanted:
                accounts[mark] = number
        for address in _addresses():
            if (mark := erasures.of_address(address, secret=secret)) in wanted:
                addresses[mark].add(address)
    return accounts, addresses


def _addresses() -> Iterator[str]:
    for kind in personal.kinds():
        if kind.addresses is not None:
            yield from kind.addresses().order_by().distinct().iterator()


def _subject(note: Note, accounts: dict[str, int], addresses: dict[str, set[str]]) -> Subject:
    numbers = [accounts[mark] for mark in note.marks if mark in accounts]
    person = User.objects.filter(pk__in=numbers).first()
    own = subject_of(person).addresses if person else ()
    marked = sorted(address for mark in note.marks for address in addresses.get(mark, ()))
    return Subject(person.pk if person else None, tuple(dict.fromkeys((*own, *marked))))


def _repeat(note: Note, subject: Subject, done: Repeated) -> None:
    """Erase one person again and enter it in the log under its first date, by which it then counts as known."""
    try:
        with transaction.atomic():
            counts = erase_everywhere(subject=subject) if subject != Subject() else {}
            DataRequest.objects.create(
                what=Right.ERASURE, channel=note.channel, ground=note.ground, counts=counts, at=note.at
            )
    except LastAdministrator:
        done.refused += 1
        return
    erase_latecomers(subject=subject)
    if counts:
        done.erased += 1
    else:
        done.absent += 1
