"""Tells the workers that mail is waiting; losing a ring loses nothing, since the sweep looks every few seconds.

A thread of its own rings, so that no request waits for the broker, whether it is quick, slow or gone, and so that
many requests at once ring once.
"""

import atexit
import logging
import os
import threading
import time
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import KombuError

from core import clock, counting, requestid

logger = logging.getLogger(__name__)

# The first rings at once; after it one ring a stream in this time is enough, since a worker takes whatever it finds.
# In a rush of registrations ringing more often took a tenth of the web's time.
REST_SECONDS = 0.2
LAST_CHANCE_SECONDS = 1.0
TASK = "mail.tasks.deliver"


def ring_on_commit(stream: str, *, due_at: datetime) -> None:
    """Ring for `stream` when the transaction commits, once however often it is asked for.

    A message due after the next sweep rings nobody. Rolled-back savepoints take their ring with them, because
    Django drops their callbacks; the list of callbacks is therefore what tells whether one is there already.
    """
    if due_at > clock.now() + timedelta(seconds=settings.MAIL_SWEEP_SECONDS):
        return
    ring = _RINGS[stream]
    if not any(entry[1] is ring for entry in connection.run_on_commit):
        transaction.on_commit(ring)


def ring_now(stream: str) -> None:
    """Ring in this thread, for workers and the sweep; a broker that is down costs one line in the log."""
    try:
        current_app.send_task(TASK, args=[stream], queue=stream, retry=False, ignore_result=True)
    except (KombuError, OSError) as problem:
        counting.count("gkec_mail_rings_missed", stream)
        logger.warning("Nobody heard the doorbell of %s mail; the sweep will: %s", stream, problem)


class _Ringer:
    """The thread, made on the first ring of each process."""

    def __init__(self) -> None:
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget everything: a forked child has neither the parent's thread nor the right to its lock."""
        # Each stream with the id of the request that asked first, for the log.
        self.wanted: dict[str, str] = {}
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None
        self.is_busy = False

    def ring(self, stream: str) -> None:
        with self.changed:
            self.wanted.setdefault(stream, requestid.current())
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="mail-doorbell", daemon=True)
                self.thread.start()
            self.changed.notify_all()

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until nothing is left to ring for."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.wanted and not self.is_busy, timeout=seconds)

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: bool(self.wanted))
                streams, self.wanted, self.is_busy = self.wanted, {}, True
            try:
                for stream, request_id in sorted(streams.items()):
                    with requestid.during(request_id):
                        ring_now(stream)
            except Exception:
                logger.exception("The doorbell failed; the sweep will find what waits.")
            with self.changed:
                self.is_busy = False
                self.changed.notify_all()
            time.sleep(REST_SECONDS)


_ringer = _Ringer()


os.register_at_fork(after_in_child=_ringer.start_afresh)


@atexit.register
def wait_until_quiet(seconds: float = LAST_CHANCE_SECONDS) -> bool:
    """Give rings under way a moment to get out; a command that ends at once would take them with it."""
    return _ringer.wait_until_quiet(seconds)


def _ring_transactional() -> None:
    _ring("transactional")


def _ring_bulk() -> None:
    _ring("bulk")


def _ring(stream: str) -> None:
    if current_app.conf.task_always_eager:
        ring_now(stream)
    else:
        _ringer.ring(stream)


_RINGS = {"transactional": _ring_transactional, "bulk": _ring_bulk}
