"""Asking for a mail: one cheap statement inside the business transaction, and a doorbell when that commits."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from psycopg.types.json import Jsonb

from core import clock, languages
from core.text import storable
from mail import doorbell, kinds
from mail.addresses import envelope_address
from mail.enums import Stream
from mail.kinds import Attachment
from mail.models import Message

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_ID = 100
Id = str | int | bool | None


def enqueue(  # noqa: PLR0913  (the keywords are what stands on an envelope)
    *,
    key: str,
    kind: str,
    to: str,
    language: str,
    params: dict[str, Id | list[Id]],
    to_name: str = "",
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    stream: str | None = None,
    person: "User | None" = None,
    gives_way: bool = False,
) -> Message:
    """Ask for one mail of a registered kind; asking again with the same key changes nothing and returns the first.

    Call it inside the transaction of the change that the mail is about: either both happen or neither. `params` are
    ids only, since words would go stale and would have to be erased in two places. The mail is written when it
    leaves, in `language`; it never leaves before `due_at` nor after `expires_at`. Without `stream` the kind's own is
    used. One of many that are asked for at once `gives_way`, though its kind does not. Raises LookupError for an
    unknown kind, BadAddress and ValueError for what can never be sent.
    """
    written = written_kind(kind)
    return _insert(
        Message(
            key=key,
            kind=kind,
            stream=Stream(stream or written.stream).value,
            to_address=envelope_address(to),
            to_name=storable(to_name)[:200],
            language=languages.nearest(language),
            params=_ids_only(params),
            due_at=due_at or clock.now(),
            expires_at=expires_at,
            person=person,
            message_id=message_id(key),
            gives_way=gives_way or written.gives_way,
        )
    )


def enqueue_to(
    person: "User",
    *,
    key: str,
    kind: str,
    params: dict[str, Id | list[Id]],
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Message:
    """Ask for one mail to somebody with an account, at its address, by its name and in its language; as `enqueue`."""
    return enqueue(
        key=key,
        kind=kind,
        to=person.email,
        to_name=person.display_name,
        language=person.language,
        params=params,
        due_at=due_at,
        expires_at=expires_at,
        person=person,
    )


def enqueue_prepared(  # noqa: PLR0913  (likewise)
    *,
    key: str,
    to: str,
    language: str,
    subject: str,
    text: str,
    html: str = "",
    kind: str = "plain",
    attachments: Iterable[Attachment] = (),
    to_name: str = "",
    reply_to: str = "",
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    stream: str = Stream.TRANSACTIONAL,
    person: "User | None" = None,
    is_secret: bool = False,
) -> Message:
    """Ask for one mail whose words are known already, where there is no record to write them from.

    `kind` is a label for staff and need not be registered. With `is_secret` (sign-in codes, reset links) the
    admin never shows the words and the sweep blanks them MAIL_SECRET_KEEP_SECONDS after the mail has ended.
    """
    return _insert(
        Message(
            key=key,
            kind=kind,
            stream=Stream(stream).value,
            to_address=envelope_address(to),
            to_name=storable(to_name)[:200],
            reply_to=envelope_address(reply_to) if reply_to else "",
            language=languages.nearest(language),
            due_at=due_at or clock.now(),
            expires_at=expires_at,
            person=person,
            message_id=message_id(key),
            is_prepared=True,
            is_secret=is_secret,
            subject=storable(subject),
            text=storable(text),
            html=storable(html),
            attachments=stored(attachments),
        )
    )


def message_id(key: str) -> str:
    """Return the Message-ID of a key: always the same, so that a repeat can be recognised, and telling nothing."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{settings.MAIL_MESSAGE_ID_DOMAIN}>"


def stored(attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """Return attachments as the JSON that a message keeps."""
    return [
        {
            "filename": storable(one.filename),
            "content_type": one.content_type,
            "as_alternative": one.as_alternative,
            "content": base64.b64encode(one.content).decode("ascii"),
        }
        for one in attachments
    ]


# What a message has from its first moment; all else has a default in the database.
_ASKED = (
    *("key", "kind", "stream", "to_address", "to_name", "language", "params", "created_at", "due_at"),
    *("expires_at", "person_id", "message_id", "gives_way"),
)
_PREPARED = (*_ASKED, "reply_to", "is_prepared", "is_secret", "subject", "text", "html", "attachments")


@cache
def _statement(columns: tuple[str, ...]) -> str:
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    insert = f"INSERT INTO mail_message ({names}) VALUES ({marks})"  # noqa: S608  (the names stand above)
    return f"{insert} ON CONFLICT (key) DO NOTHING RETURNING id"


def _insert(message: Message) -> Message:
    if not 0 < len(message.key) <= 200:
        raise ValueError("A message needs a key of 1 to 200 characters that says what it is for.")
    columns = _PREPARED if message.is_prepared else _ASKED
    values: list[Any] = [getattr(message, column) for column in columns]
    values = [Jsonb(value) if isinstance(value, dict | list) else value for value in values]
    with connection.cursor() as cursor:
        cursor.execute(_statement(columns), values)
        row = cursor.fetchone()
    if row is None:
        return Message.objects.get(key=message.key)
    message.pk, message._state.adding, message._state.db = row[0], False, connection.alias
    doorbell.ring_on_commit(message.stream, due_at=message.due_at)
    return message


def written_kind(kind: str) -> kinds.MailKind:
    """Return a kind that writes its mails from ids; raises LookupError for any other."""
    found = kinds.get(kind)
    if found.is_prepared:
        raise LookupError(f"Mail of the kind {kind!r} comes prepared: use enqueue_prepared.")
    return found


def _ids_only(params: dict[str, Any]) -> dict[str, Any]:
    for name, value in params.items():
        for one in value if isinstance(value, list) else [value]:
            is_id = one is None or isinstance(one, int) or (isinstance(one, str) and len(one) <= LONGEST_ID)
            if not is_id:
                raise ValueError(f"The parameter {name!r} of a message must be an id or a list of ids.")
    return params
