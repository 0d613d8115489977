"""The outbox in figures, for the page on the site's health: those that /metrics tells Prometheus, in words."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils.translation import gettext as _

from core import clock
from core.health import Figure
from mail import gauges
from mail.enums import Stream
from mail.models import Message


def figures() -> Iterator[Figure]:
    """Yield ages and what is unknown by stream, then leases; three statements."""
    now = clock.now()
    ages = gauges.ages(now)
    unknown = dict(Message.objects.unknown().order_by().values_list("stream").annotate(Count("id")))
    for stream in Stream:
        words = {"stream": stream.label}
        due, first_due = ages[stream.value]
        yield Figure(f"queue-age-{stream}", _("Mail %(stream)s: age of the first that is due") % words, _seconds(due))
        yield Figure(
            f"oldest-unsent-{stream}",
            _("Mail %(stream)s: age of the oldest unsent") % words,
            _seconds(first_due),
        )
        number = str(unknown.get(stream.value, 0))
        yield Figure(f"unknown-{stream}", _("Mail %(stream)s: unknown whether it arrived") % words, number)
    held = gauges.leases(now)
    yield Figure("leases-held", _("Messages held by workers"), str(held["held"]))
    yield Figure("leases-expired", _("Messages whose lease ran out"), str(held["expired"]))


def _seconds(age: float) -> str:
    return _("%(number)s s") % {"number": round(age)}
