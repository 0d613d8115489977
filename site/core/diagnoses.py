"""What the foundation looks at: database, clocks, cache, broker, workers, beat and its jobs."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError

from core import clock, dates, health, periodic
from core.dependencies import CHECKS
from core.health import Figure, Finding, Level, Section
from core.models import Heartbeat

# What NTP keeps to without effort, and what an authenticator app's codes do not outlast.
SKEW_SECONDS, BAD_SKEW_SECONDS = 2, 30
INSPECT_SECONDS = 1.0
GRACE = timedelta(seconds=30)
# What follows the calendar runs nightly here.
CALENDAR_INTERVAL = timedelta(days=1)
# A job that fails is left to its next runs for so many intervals.
PATIENCE = 10


def register() -> None:
    """Make the checks known; called once, when the app is ready."""
    health.register("database", Section.SERVICES, database)
    health.register("cache", Section.SERVICES, cache)
    health.register("broker", Section.SERVICES, broker)
    health.register("workers", Section.WORK, workers)
    health.register("beat", Section.WORK, beat)
    health.register_figures(last_run)


def database() -> Iterator[Finding]:
    """Whether the database answers, and whether its clock and this machine's agree."""
    try:
        skew = _skew()
    except DatabaseError:
        yield Finding("database", Level.TROUBLE, _("The database does not answer."), _("Start it; see the log."))
        return
    seconds = round(abs(skew))
    if seconds < SKEW_SECONDS:
        yield Finding("database", Level.OK, _("The database answers, and its clock agrees with ours."))
        return
    yield Finding(
        "clock",
        Level.TROUBLE if seconds >= BAD_SKEW_SECONDS else Level.ATTENTION,
        _("The clocks of the database and of this machine are %(seconds)s seconds apart.") % {"seconds": seconds},
        _(
            "Set both by NTP: what is due goes by the database's clock, sessions and the codes of authenticator apps "
            "go by this machine's."
        ),
    )


def _skew() -> float:
    before = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    # The answer was given about halfway between the question and now.
    return (clock.of_machine() - theirs).total_seconds() - (time.monotonic() - before) / 2


def cache() -> Iterator[Finding]:
    """Whether the cache answers."""
    try:
        CHECKS["cache"]()
    except Exception:  # noqa: BLE001  (whatever it is, there is no cache)
        sentence = _("The cache does not answer: pages are slow, and nothing is limited.")
        yield Finding("cache", Level.TROUBLE, sentence, _("Start Valkey, or mend REDIS_URL."))
    else:
        yield Finding("cache", Level.OK, _("The cache answers."))


def broker() -> Iterator[Finding]:
    """Whether the broker answers."""
    if _has_broker():
        yield Finding("broker", Level.OK, _("The broker answers."))
    else:
        sentence = _("The broker does not answer, so no worker hears of anything: nothing is lost, but all waits.")
        yield Finding("broker", Level.TROUBLE, sentence, _("Start Valkey or RabbitMQ, or mend CELERY_BROKER_URL."))


def workers() -> Iterator[Finding]:
    """Whether a worker listens to each queue."""
    if not _has_broker():
        return
    heard = listening()
    deaf = [queue for queue in settings.WORK_QUEUES if queue not in heard]
    if not deaf:
        number = len({name for names in heard.values() for name in names})
        sentence = _("Workers listen to every queue; %(number)s answered.") % {"number": number}
        yield Finding("workers", Level.OK, sentence)
    for queue in deaf:
        yield Finding(
            "workers",
            Level.TROUBLE,
            _("No worker listens to the queue %(queue)s.") % {"queue": queue},
            _("Start one: celery -A gkec worker -Q %(queue)s") % {"queue": queue},
        )


def listening() -> dict[str, set[str]]:
    """Return the workers that answered within a second, by the queues they listen to."""
    try:
        answers = current_app.control.inspect(timeout=INSPECT_SECONDS).active_queues() or {}
    except (KombuError, OSError):
        return {}
    heard: dict[str, set[str]] = {}
    for worker, queues in answers.items():
        for queue in queues:
            heard.setdefault(queue["name"], set()).add(worker)
    return heard


def _has_broker() -> bool:
    try:
        CHECKS["broker"]()
    except Exception:  # noqa: BLE001  (whatever it is, nobody hears us)
        return False
    return True


def beat() -> Iterator[Finding]:
    """Whether beat lives, told from the last runs of its jobs; then each job that is late or failed."""
    now = clock.now()
    beats = {one.name: one for one in Heartbeat.objects.all()}
    jobs = {name: interval or CALENDAR_INTERVAL for name, interval in periodic.intervals().items()}
    if jobs and all(_is_late(beats.get(name), interval, now) for name, interval in jobs.items()):
        last = max((one.started_at for one in beats.values()), default=None)
        yield _dead(last)
        return
    for name, interval in jobs.items():
        yield from _job(name, beats.get(name), interval, now)


def last_run() -> Iterator[Figure]:
    """When a job that beat asks for last began."""
    last = Heartbeat.objects.aggregate(last=Max("started_at"))["last"]
    yield Figure("beat", _("Last job of beat began"), told(last) if last else "–")


def _is_late(found: Heartbeat | None, interval: timedelta, now: datetime) -> bool:
    # A job that runs every six hours says nothing about beat: it may still be in time long after beat has died.
    if found is None or interval > timedelta(minutes=10):
        return True
    return found.is_overdue(now=now, interval=interval, grace=GRACE)


def _dead(last: datetime | None) -> Finding:
    if last is None:
        sentence = _("Beat is not running: no job of the schedule has ever been done.")
    else:
        sentence = _("Beat is not running, or nobody does its jobs: the last began at %(time)s.") % {"time": told(last)}
    return Finding("beat", Level.TROUBLE, sentence, _("Start it: celery -A gkec beat. One worker must hear 'default'."))


def _job(name: str, found: Heartbeat | None, interval: timedelta, now: datetime) -> Iterator[Finding]:
    words = {"job": name}
    if found is None:
        yield Finding(name, Level.OK, _("%(job)s has not been due yet.") % words)
        return
    words |= {"time": told(found.started_at), "problem": found.problem}
    if found.outcome == "failed":
        sentence = _("%(job)s failed at %(time)s (%(problem)s); it runs again in its time.") % words
        is_old = _has_failed_for_long(found, interval, now)
        advice = _("The log has the reason. It has not succeeded for long.") if is_old else _("The log has the reason.")
        yield Finding(name, Level.TROUBLE if is_old else Level.ATTENTION, sentence, advice)
    elif not found.is_overdue(now=now, interval=interval, grace=GRACE):
        yield Finding(name, Level.OK, _("%(job)s last began at %(time)s.") % words)
    elif found.ended_at is None:
        sentence = _("%(job)s began at %(time)s and has not ended: it hangs, or its worker was killed.") % words
        yield Finding(name, Level.TROUBLE, sentence, _("Restart the worker that has it."))
    else:
        sentence = _("%(job)s is late: it last began at %(time)s.") % words
        yield Finding(name, Level.ATTENTION, sentence, _("The workers of the queue 'default' may be too few."))


def _has_failed_for_long(found: Heartbeat, interval: timedelta, now: datetime) -> bool:
    if found.succeeded_at is None:
        return True
    if interval < CALENDAR_INTERVAL:
        return now - found.succeeded_at > interval * PATIENCE
    # Two nights in a row, counted from run to run: what keeps people's data too long cannot wait for ten.
    return found.started_at - found.succeeded_at > interval * 1.5


def told(moment: datetime) -> str:
    """Return a moment in the active time zone, as the admin writes them."""
    return dates.left_to_right(f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}")
