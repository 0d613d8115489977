"""System checks of the outbox: what its promise rests on."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS, connections

from mail.addresses import BadAddress, split


def check_times(**kwargs: Any) -> Iterable[CheckMessage]:
    """A hand-over longer than the lease would let the sweep take a live worker for dead; one cut off, lose answers."""
    if settings.MAIL_HANDOVER_SECONDS >= settings.MAIL_LEASE_SECONDS:
        yield Error(
            "MAIL_HANDOVER_SECONDS must be shorter than MAIL_LEASE_SECONDS, or messages could be sent twice.",
            id="mail.E001",
        )
    if settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT <= settings.MAIL_HANDOVER_SECONDS:
        yield Error(
            "WORKER_SOFT_SHUTDOWN_SECONDS must be longer than MAIL_HANDOVER_SECONDS, or a worker that is asked to stop"
            " could be killed between the server's answer and writing it down.",
            id="mail.E004",
        )
    try:
        for written in [settings.MAIL_REPLY_TO, *settings.MAIL_SENDERS.values(), *settings.MAIL_REPLY_TOS.values()]:
            if written:
                split(written)
        split(settings.DEFAULT_FROM_EMAIL)
    except BadAddress:
        yield Error(
            "MAIL_FROM, MAIL_REPLY_TO, MAIL_BULK_FROM and MAIL_BULK_REPLY_TO must be e-mail addresses.", id="mail.E002"
        )


def check_durability(databases: Iterable[str] | None = None, **kwargs: Any) -> Iterable[CheckMessage]:
    """Without synchronous commits a crash of the database forgets which messages had started."""
    for alias in databases or []:
        if forgets_commits(alias):
            yield Error(
                "The database commits asynchronously (synchronous_commit is off): after a crash it would have"
                " forgotten which messages had started, and they would be sent twice.",
                id="mail.E003",
            )


def forgets_commits(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the database may forget in a crash what it said it had committed."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone()[0] == "off"
