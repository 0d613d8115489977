"""What /metrics tells Prometheus: sums of all processes, and gauges that apps read from the database.

An app registers gauges from `AppConfig.ready`:

    metrics.register(gauges)      # () -> Iterable[Metric]

They are read together at most once in KEPT_SECONDS, whoever asks.
"""

from collections.abc import Callable, Iterable, Iterator

from django.core.cache import cache
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from core import counting, periodic
from core.models import Heartbeat
from core.taskwatch import TASKS
from core.watching import REQUESTS

KEPT_SECONDS = 10
KEY = "metrics:gauges"
RINGS_MISSED = "gkec_mail_rings_missed"

Gauges = Callable[[], Iterable[Metric]]
_registered: list[Gauges] = []

_HISTOGRAMS = {
    REQUESTS: ("How long answers took, by route and class of status.", ("route", "status")),
    TASKS: ("How long tasks took, by name and end.", ("task", "state")),
}
_COUNTERS = {RINGS_MISSED: ("Doorbells that the broker did not take; the sweep finds what they were for.", ("stream",))}


def register(gauges: Gauges) -> None:
    """Make an app's gauges known."""
    _registered.append(gauges)


def exposition() -> bytes:
    """Return everything in Prometheus' text format."""
    gauges = cache.get(KEY)
    if gauges is None:
        gauges = _text(_gauges)
        cache.set(KEY, gauges, KEPT_SECONDS)
    return gauges + _text(_sums)


class _Collector(Collector):
    def __init__(self, families: Gauges) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        return self.families()


def _text(families: Gauges) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    return generate_latest(registry)


def _gauges() -> Iterator[Metric]:
    for gauges in (jobs, *_registered):
        yield from gauges()


def jobs() -> Iterator[Metric]:
    """Tell when each periodic job last began and last succeeded, and how often it should run."""
    labels = ["job"]
    began = GaugeMetricFamily("gkec_job_last_start_timestamp_seconds", "When the job last began.", labels=labels)
    good = GaugeMetricFamily("gkec_job_last_success_timestamp_seconds", "When it last succeeded.", labels=labels)
    failing = GaugeMetricFamily("gkec_job_failing", "1 when its last run failed.", labels=labels)
    wanted = GaugeMetricFamily("gkec_job_interval_seconds", "How long it should take until the next.", labels=labels)
    for one in Heartbeat.objects.all():
        began.add_metric([one.name], one.started_at.timestamp())
        failing.add_metric([one.name], float(one.outcome == "failed"))
        if one.succeeded_at:
            good.add_metric([one.name], one.succeeded_at.timestamp())
    for name, interval in periodic.intervals().items():
        if interval is not None:
            wanted.add_metric([name], interval.total_seconds())
    yield from (began, good, failing, wanted)


def _sums() -> Iterator[Metric]:
    found = counting.sums()
    for name, (words, labels) in _HISTOGRAMS.items():
        family = HistogramMetricFamily(name, words, labels=labels)
        for key in sorted(key for key in found if key[0] == name):
            family.add_metric(key[1:], *_histogram(found[key]))
        yield family
    for name, (words, of) in _COUNTERS.items():
        counter = CounterMetricFamily(name, words, labels=of)
        for key in sorted(key for key in found if key[0] == name):
            counter.add_metric(key[1:], found[key].get(0, 0.0))
        yield counter


def _histogram(places: dict[int, float]) -> tuple[list[tuple[str, float]], float]:
    buckets, total = [], 0.0
    for place, bound in enumerate([*map(str, counting.BOUNDS), "+Inf"]):
        total += places.get(place, 0.0)
        buckets.append((bound, total))
    return buckets, places.get(len(counting.BOUNDS) + 1, 0.0)
