"""The notes of erasures, kept outside the database so that a restored one can be rid of the same people again.

A note names nobody: it holds keyed hashes of an account's number and of addresses, with which alone nothing can be
found. Each is a small file beside the media, since those outlive a lost database.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.utils.crypto import salted_hmac

from accounts.enums import Channel, Ground
from core import secretkeys
from core.emailkeys import email_key
from core.personal import Subject

STORAGE = "erasures"
_SALT = "accounts.erasure"
_NAME = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Note:
    """One erasure: when and why it was made, and marks of whom, under the SECRET_KEY that `key` is the mark of."""

    at: datetime
    channel: Channel
    ground: Ground
    key: str
    marks: tuple[str, ...]

    def as_json(self) -> bytes:
        """Return the note as it stands in its file."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()}).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Note":
        """Read a note; raises ValueError where it is none."""
        try:
            values = json.loads(content)
            channel, ground = Channel(values["channel"]), Ground(values["ground"])
            return cls(
                datetime.fromisoformat(values["at"]), channel, ground, str(values["key"]), tuple(values["marks"])
            )
        except (KeyError, TypeError) as problem:
            raise ValueError("This is no note of an erasure.") from problem


def of_account(number: int, *, secret: str | bytes | None = None) -> str:
    """Return the mark of an account."""
    return _mark(f"account {number}", secret)


def of_address(address: str, *, secret: str | bytes | None = None) -> str:
    """Return the mark of an address, the same for each way to write it."""
    return _mark(f"address {email_key(address)}", secret)


def write(*, at: datetime, channel: Channel, ground: Ground, subject: Subject) -> None:
    """Note an erasure; call it last in its transaction, so that none is made that cannot be noted."""
    marks = [] if subject.person_id is None else [of_account(subject.person_id)]
    marks += [of_address(one) for one in subject.addresses]
    note = Note(at, channel, ground, secretkeys.mark(), tuple(dict.fromkeys(marks)))
    _storage().save(f"{at.astimezone(UTC):{_NAME}}.json", ContentFile(note.as_json()))


def read() -> Iterator[Note | None]:
    """Yield all notes, the oldest first; None for a file that cannot be read as one."""
    for name in _names():
        with _storage().open(name) as file:
            content = file.read()
        try:
            yield Note.from_json(content)
        except ValueError:
            yield None


def forget(*, before: datetime) -> None:
    """Delete the notes of erasures made before a moment."""
    limit = f"{before.astimezone(UTC):{_NAME}}"
    for name in _names():
        if name < limit:
            _storage().delete(name)


def _names() -> list[str]:
    try:
        return sorted(name for name in _storage().listdir("")[1] if name.endswith(".json"))
    except FileNotFoundError:
        return []


def _storage() -> Storage:
    return storages[STORAGE]


def _mark(text: str, secret: str | bytes | None) -> str:
    return salted_hmac(_SALT, text, secret=secret, algorithm="sha256").hexdigest()
