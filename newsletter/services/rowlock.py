"""Who waits for whom: each decision about an address for the one before it, an erasure for a campaign being frozen."""

from django.db import connection

from newsletter.models import Subscriber


def lock(subscriber_id: int) -> Subscriber:
    """Return the subscriber, locked until the transaction ends; raises Subscriber.DoesNotExist."""
    return Subscriber.objects.select_for_update(of=("self",)).get(pk=subscriber_id)


def locked_by_address(key: str) -> Subscriber | None:
    """Return the subscriber of a normalised address, locked until the transaction ends, if there is one."""
    return Subscriber.objects.select_for_update(of=("self",)).filter(email_key=key).first()


def found_or_made(made: Subscriber) -> int:
    """Return the key of the row of an address, which is `made` where there was none."""
    # One statement both for the first and for the second to ask: the later one waits for the earlier.
    [row] = Subscriber.objects.bulk_create(
        [made], update_conflicts=True, unique_fields=["email_key"], update_fields=["email_key"]
    )
    return row.pk


# Any number that nothing else of this database takes.
_FREEZING = 0x6E657773


def while_freezing() -> None:
    """Let erasures wait until the transaction ends: who is being read must not be gone before it is written down."""
    _advisory("pg_advisory_xact_lock_shared")


def before_erasing() -> None:
    """Wait for the campaigns that are being frozen, so that their messages are seen; let others begin afterwards."""
    _advisory("pg_advisory_xact_lock")


def _advisory(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_FREEZING])
