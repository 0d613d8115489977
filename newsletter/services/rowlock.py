"""One subscriber's row, locked: each decision about an address waits for the one before it."""

from newsletter.models import Subscriber


def lock(subscriber_id: int) -> Subscriber:
    """Return the subscriber, locked until the transaction ends; raises Subscriber.DoesNotExist."""
    return Subscriber.objects.select_for_update(of=("self",)).get(pk=subscriber_id)
