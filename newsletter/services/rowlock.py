"""One subscriber's row, locked: each decision about an address waits for the one before it."""

from newsletter.models import Subscriber


def lock(subscriber_id: int) -> Subscriber:
    """Return the subscriber, locked until the transaction ends; raises Subscriber.DoesNotExist."""
    return Subscriber.objects.select_for_update(of=("self",)).get(pk=subscriber_id)


def found_or_made(made: Subscriber) -> int:
    """Return the key of the row of an address, which is `made` where there was none."""
    # One statement both for the first and for the second to ask: the later one waits for the earlier.
    [row] = Subscriber.objects.bulk_create(
        [made], update_conflicts=True, unique_fields=["email_key"], update_fields=["email_key"]
    )
    return row.pk
