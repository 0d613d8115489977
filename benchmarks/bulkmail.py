"""The letter and the news that benchmarks send to many, and how soon a mail to one leaves meanwhile."""

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import percentile
from benchmarks.servers import ROOT
from gkec.devstack.processes import Child, Program, wait_until

if TYPE_CHECKING:
    from mail.models import Message

# So many to many are on their way beside each mail to one.
ALWAYS_WAITING = 4000
PARAGRAPHS = [f"How Oslo ties an emission ceiling to its budget, as {n} people told us." for n in range(26)]


def fillings(n: int) -> dict[str, str]:
    """Return what recipient number `n` gets of their own."""
    return {
        "to_name": f"P {n}",
        "own_url": f"https://gkec.example/en/my/{n}/",
        "unsubscribe_url": f"https://gkec.example/en/news/leave/{n}/",
    }


def register() -> None:
    """Make the letter and the news known to this process; Django must be set up."""
    from mail import kinds, slots
    from mail.kinds import MailKind, Rendering

    def render_variant(params: Mapping[str, Any], language: str) -> Rendering:
        own = slots.tokens(slots.NAMES)
        context = {
            "paragraphs": [f"Dear {own['to_name']}", *PARAGRAPHS],
            "button": {"url": own["own_url"], "label": "Read on"},
            "closing": [f"Leave: {own['unsubscribe_url']}"],
        }
        return Rendering("Starting a city climate budget", "mail/notice", context)

    def fill(messages: "Sequence[Message]") -> dict[int, dict[str, str]]:
        own = {message.pk: fillings(message.params["person"]) for message in messages}
        return {pk: {name: value for name, value in one.items() if name != "to_name"} for pk, one in own.items()}

    def render(message: "Message") -> Rendering:
        return Rendering("Cancelled", "mail/notice", {"paragraphs": PARAGRAPHS[:3]})

    if "bench-letter" not in kinds.names():
        kinds.register(MailKind("bench-news", render, "News", gives_way=True))
        kinds.register(MailKind("bench-letter", None, "Letter", "bulk", render_variant, ("issue",), fill))


def transactional_meanwhile(folder: Path, *, enqueue: Callable[[], str], number: int) -> Iterator[dict[str, Any]]:
    """Ask for `number` single mails while workers send to many, then while they tell many that an event is called off.

    The floor is the same while nothing else is sent. A call-off is as transactional as the single mails are, and waits
    for the same worker.
    """
    from mail import doorbell
    from mail.enums import Reason, State
    from mail.models import Message
    from mail.services.ending import end

    def top_up_bulk() -> None:
        # A fast machine sends thousands in the seconds that the single ones take.
        if Message.objects.filter(stream="bulk", finished_at=None).count() < ALWAYS_WAITING:
            enqueue()
            doorbell.ring_now("bulk")

    def top_up_news() -> None:
        if Message.objects.filter(kind="bench-news", finished_at=None).count() < ALWAYS_WAITING:
            _call_off()

    Message.objects.all().delete()
    workers = [_worker(folder, queue) for queue in ("bulk", "transactional")]
    try:
        wait_until(lambda: all(" ready." in one.program.log.read_text() for one in workers), seconds=60)
        floor = percentile(_singles("alone", number), 0.99)
        for beside, top_up, waiting in (
            ("bulk", top_up_bulk, Message.objects.filter(stream="bulk", finished_at=None)),
            ("call_off", top_up_news, Message.objects.filter(kind="bench-news", finished_at=None)),
        ):
            seconds = _singles(beside, number, before_each_tenth=top_up)
            yield _line(beside, seconds, floor, still_waiting=waiting.count())
            # Not deleted: a worker may be writing down what came of one.
            end(Message.objects.waiting(), State.CANCELLED, Reason.WITHDRAWN)
    finally:
        for one in workers:
            one.kill()
        Message.objects.all().delete()


def _line(beside: str, seconds: list[float], floor: float, *, still_waiting: int) -> dict[str, Any]:
    if not still_waiting:
        raise RuntimeError("The mail to many had left before the single ones did: ask for more of it.")
    figure = percentile(seconds, 0.99)
    return {
        "name": f"outbox_transactional_during_{beside}_p99",
        "unit": "s",
        "figure": round(figure, 3),
        "floor": round(floor, 3),
        "ratio": round(figure / floor, 2),
        "floor_is": "the same with nothing else to send",
        "median": round(percentile(seconds, 0.5), 3),
        "asked": len(seconds),
        "still_waiting": still_waiting,
        "bar": 2.0,
        "load_average": round(os.getloadavg()[0], 2),
    }


def _call_off() -> None:
    """Ask for the mails that tell thousands that an event is called off, all due now: no pace keeps them back."""
    from django.db import transaction

    from mail.services.asking_many import Asked, enqueue_many

    run_id = uuid.uuid4().hex[:8]
    for first in range(0, ALWAYS_WAITING, 200):
        asked = [
            Asked(key=f"news:{run_id}:{n}", to=f"n{n}@sink.example", language="en", params={"person": n})
            for n in range(first, first + 200)
        ]
        with transaction.atomic():
            enqueue_many(kind="bench-news", asked=asked, stream="transactional")


def _singles(name: str, number: int, *, before_each_tenth: Callable[[], None] | None = None) -> list[float]:
    """Ask for single mails, 50 ms apart; return how long each took until it was accepted, which all must be."""
    from mail.models import Message
    from mail.services import enqueue_prepared

    for n in range(number):
        if before_each_tenth and n % 10 == 0:
            before_each_tenth()
        enqueue_prepared(key=f"{name}:{n}", to=f"s{n}@sink.example", language="en", subject="S", text="T")
        time.sleep(0.05)
    asked = Message.objects.filter(key__startswith=f"{name}:")
    wait_until(lambda: not asked.filter(finished_at=None).exists(), seconds=30)
    ended = asked.filter(state="accepted").values_list("created_at", "finished_at")
    if len(ended) != number:
        raise RuntimeError(f"{len(ended)} of {number} single mails were accepted.")
    return [(finished - created).total_seconds() for created, finished in ended if finished]


def _worker(folder: Path, queue: str) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.bulkworker", "worker", "-Q", queue, "-c", "1"]
    program = Program(
        name=f"worker of {queue}",
        command=[*command, "-n", f"bench-{queue}-{os.getpid()}@%h", "--loglevel=INFO", "--without-mingle"],
        log=folder / f"worker-{queue}.log",
        environment={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "site")])},
        folder=ROOT,
    )
    return program.start()
