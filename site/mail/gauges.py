"""The outbox in figures, for Prometheus; three statements, the first over the whole table."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min, Q
from django.db.models.functions import Least
from prometheus_client.core import GaugeMetricFamily, Metric

from core import clock
from mail.enums import WAITING, State, Stream
from mail.models import Message


def gauges() -> Iterator[Metric]:
    """Yield states, ages and leases, by stream."""
    now = clock.now()
    yield from _states()
    yield from _ages(now)
    yield _leases(now)


def _states() -> Iterator[Metric]:
    counted = Message.objects.order_by().values_list("stream", "state").annotate(Count("id"))
    numbers = {(stream, state): number for stream, state, number in counted}
    family = GaugeMetricFamily("gkec_mail_messages", "Messages by stream and state.", labels=["stream", "state"])
    unknown = GaugeMetricFamily("gkec_mail_unknown", "Messages whose fate nobody knows.", labels=["stream"])
    for stream in Stream.values:
        for state in State.values:
            family.add_metric([stream, state], numbers.get((stream, state), 0))
        unknown.add_metric([stream], numbers.get((stream, State.UNKNOWN.value), 0))
    yield from (family, unknown)


def _ages(now: datetime) -> Iterator[Metric]:
    queue = GaugeMetricFamily(
        "gkec_mail_queue_age_seconds",
        "For how long the first message that should leave has been due.",
        labels=["stream"],
    )
    unsent = GaugeMetricFamily(
        "gkec_mail_oldest_unsent_seconds",
        "For how long the oldest message that should have left has been due, counted through all its tries.",
        labels=["stream"],
    )
    for stream, (due, first_due) in ages(now).items():
        queue.add_metric([stream], due)
        unsent.add_metric([stream], first_due)
    yield from (queue, unsent)


def ages(now: datetime) -> dict[str, tuple[float, float]]:
    """Return by stream for how many seconds its first message has been due now, and its oldest since it first was.

    A message that is put off is due again only later, and counts in the second all the same: from its first try, by
    which it was due at the latest. Only what should have left, or is in a worker's hands, has an age.
    """
    # LEAST passes over the NULL of what was never tried. What was tried is due again after its first try.
    first_due = Least("first_tried_at", "due_at")
    due = Q(state__in=sorted(WAITING), due_at__lte=now)
    rows = Message.objects.unsent(now=now).order_by().values("stream")
    found = {
        row["stream"]: (_age(row["due"], now), _age(row["first_due"], now))
        for row in rows.annotate(due=Min("due_at", filter=due), first_due=Min(first_due))
    }
    return {stream: found.get(stream, (0.0, 0.0)) for stream in Stream.values}


def _leases(now: datetime) -> Metric:
    family = GaugeMetricFamily("gkec_mail_leases", "Messages in workers' hands.", labels=["lease"])
    for name, number in leases(now).items():
        family.add_metric([name], number)
    return family


def leases(now: datetime) -> dict[str, int]:
    """Return how many messages are held under a lease in force, and how many under one that has run out."""
    expired = Q(leased_until__lt=now)
    return Message.objects.held().aggregate(held=Count("id", filter=~expired), expired=Count("id", filter=expired))


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
