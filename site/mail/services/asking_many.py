"""Asking for many mails at once: one statement for each batch, whatever its size."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from core import clock, languages
from core.text import storable
from mail import doorbell
from mail.addresses import BadAddress, envelope_address
from mail.enums import Stream
from mail.models import Mailing
from mail.services.enqueueing import message_id, written_kind

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One mail among many: what differs from person to person."""

    key: str
    to: str
    language: str
    params: dict[str, str | int]
    to_name: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None
    person_id: int | None = None


_INSERT = """
    INSERT INTO mail_message (
        key, kind, stream, mailing_id, created_at, to_address, to_name, language, params, due_at, expires_at,
        person_id, message_id, gives_way
    )
    SELECT one.key, %(kind)s, %(stream)s, %(mailing)s, %(now)s, one.to_address, one.to_name, one.language, one.params,
        coalesce(one.due_at, %(now)s), one.expires_at, one.person_id, one.message_id, %(gives_way)s
    FROM jsonb_to_recordset(%(rows)s) AS one (
        key text, to_address text, to_name text, language text, params jsonb, due_at timestamptz,
        expires_at timestamptz, person_id bigint, message_id text
    )
    ON CONFLICT (key) DO NOTHING
"""


def enqueue_many(
    *,
    kind: str,
    asked: Iterable[Asked],
    stream: str = Stream.BULK,
    mailing: Mailing | None = None,
    gives_way: bool = False,
) -> int:
    """Ask for mails of one registered kind with a single statement; return how many are new.

    Call it inside the transaction of what the mails are about, for at most some hundreds at once. A key that is known
    changes nothing. An address that can never be written to is left out with a line in the log, so that one bad row
    does not stop everybody else's mail. `gives_way` lets mail to one leave before these, whatever their kind says.
    """
    written = written_kind(kind)
    rows = [row for row in (_row(one, kind) for one in asked) if row is not None]
    if not rows:
        return 0
    now = clock.now()
    values: dict[str, Any] = {
        "kind": kind,
        "stream": Stream(stream).value,
        "mailing": mailing.pk if mailing else None,
        "now": now,
        "gives_way": written.gives_way or gives_way,
        "rows": Jsonb(rows),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        number = cursor.rowcount
    first = min((row["due_at"] for row in rows if row["due_at"]), default=None)
    doorbell.ring_on_commit(Stream(stream).value, due_at=datetime.fromisoformat(first) if first else now)
    return number


def _row(one: Asked, kind: str) -> dict[str, Any] | None:
    try:
        address = envelope_address(one.to)
    except BadAddress:
        logger.warning("A message of kind %s was left out: its address cannot be written to.", kind)
        return None
    return {
        "key": one.key,
        "to_address": address,
        "to_name": storable(one.to_name)[:200],
        "language": languages.nearest(one.language),
        "params": one.params,
        "due_at": one.due_at and one.due_at.isoformat(),
        "expires_at": one.expires_at and one.expires_at.isoformat(),
        "person_id": one.person_id,
        "message_id": message_id(one.key),
    }
