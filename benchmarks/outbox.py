"""The outbox against a bare loop: 5,000 messages of 20 kB to smtp-sink, with 1 and with 4 processes.

The floor is smtplib with one connection a process and bytes built beforehand. The program takes rows of the bulk
stream from the database, fills each recipient's own words into a variant written once a batch, and writes down each
start and each answer durably. Then real workers send to many while single mails are asked for: how soon do they leave?
"""

import gc
import multiprocessing
import os
import smtplib
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import bulkmail, memory, processor, smtpsink
from benchmarks.measure import compare

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "5000"))
PROCESSES = (1, 4)
PATIENCE_SECONDS = 300
TRANSACTIONAL_MESSAGES = 100

Line = dict[str, Any]


def run(folder: Path) -> Iterator[Line]:
    """Yield one line for each number of processes, and one each for writing a mail and for asking for one."""
    from mail.models import Message

    # What other benchmarks have asked for would be sent, and counted, with this one's.
    Message.objects.all().delete()
    yield from _small()
    bulkmail.register()
    try:
        with smtpsink.running(folder / "smtp-sink.log") as port:
            os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
            for number in PROCESSES:
                with Crew(number, port) as crew:
                    measured = compare(crew.floor, crew.program)
                    name = f"outbox_bulk_{number}_process{'es' if number > 1 else ''}"
                    yield {
                        "name": name,
                        "unit": "messages/s",
                        **measured,
                        **crew.meter.told(),
                        "messages": MESSAGES,
                        "bytes": len(_bytes(0)),
                        "bar": 0.7,
                        **crew.peaks.told(),
                        "enqueued_per_s": round(crew.enqueued_per_second),
                    }
            yield from bulkmail.transactional_meanwhile(folder, enqueue=_enqueue, number=TRANSACTIONAL_MESSAGES)
    except smtpsink.NoSink as problem:
        yield {"name": "outbox", "not_measured": str(problem)}


class Crew:
    """Processes that wait at a barrier, work, and say when they are done; made once, since starting Django is slow."""

    def __init__(self, number: int, port: int, work: Callable[..., None] | None = None) -> None:
        self.number = number
        self.peaks = memory.Peaks()
        self.enqueued_per_second = 0.0
        self.meter = processor.Meter()
        context = multiprocessing.get_context("spawn")
        self.orders: list[Any] = []
        self.barrier = context.Barrier(number + 1)
        self.results = context.Queue()
        self.processes = []
        for index in range(number):
            orders = context.Queue()
            arguments = (index, number, port, orders, self.barrier, self.results)
            process = context.Process(target=work or _work, args=arguments, daemon=True)
            process.start()
            self.orders.append(orders)
            self.processes.append(process)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *exception: object) -> None:
        for orders in self.orders:
            orders.put("stop")
        for process in self.processes:
            process.join(10)
            if process.is_alive():
                process.kill()

    def floor(self) -> float:
        """Send everything by the bare loop; return messages a second."""
        return self.timed("floor")

    def program(self) -> float:
        """Send everything through the outbox; return messages a second, and check that every one was accepted."""
        from mail.models import Message

        started = time.monotonic()
        run_id = _enqueue()
        self.enqueued_per_second = MESSAGES / (time.monotonic() - started)
        rate = self.timed("program")
        accepted = Message.objects.filter(key__startswith=f"bench:{run_id}:", state="accepted").count()
        if accepted != MESSAGES:
            raise RuntimeError(f"{accepted} of {MESSAGES} messages were accepted.")
        Message.objects.filter(key__startswith="bench:").delete()
        return rate

    def timed(self, order: str) -> float:
        """Give all processes the same order and return the messages a second that they made together."""
        for orders in self.orders:
            orders.put(order)
        before = processor.spent()
        self.barrier.wait(PATIENCE_SECONDS)
        started = time.monotonic()
        answers = [self.results.get(timeout=PATIENCE_SECONDS) for _process in self.processes]
        seconds = time.monotonic() - started
        sent = sum(number for number, _megabytes in answers)
        self.peaks.note(order, [megabytes for _number, megabytes in answers])
        self.meter.note(order, before, processor.spent(), sent)
        return sent / seconds


def _work(index: int, number: int, port: int, orders: Any, barrier: Any, results: Any) -> None:
    import django

    django.setup()
    bulkmail.register()
    share = range(index, MESSAGES, number)
    built = [(f"p{n}@sink.example", _bytes(n)) for n in range(index, min(MESSAGES, 200), number)]
    # As a worker does before its first task.
    gc.freeze()
    while (order := orders.get()) != "stop":
        memory.forget_peak()
        barrier.wait(PATIENCE_SECONDS)
        sent = floor(port, built, len(share)) if order == "floor" else program()
        results.put((sent, memory.peak()))


def floor(port: int, built: list[tuple[str, bytes]], number: int) -> int:
    """Send `number` messages by the bare loop, taking the built ones in turn."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example") as smtp:
        for n in range(number):
            recipient, data = built[n % len(built)]
            smtp.sendmail("no-reply@gkec.example", [recipient], data)
    return number


def program() -> int:
    """Deliver the bulk stream until nothing is due; return how many messages were taken."""
    from mail.services import delivery

    sent = 0
    while taken := delivery.deliver(stream="bulk"):
        sent += taken
    return sent


def _bytes(n: int) -> bytes:
    from core import clock
    from mail import mime, rendering, senders
    from mail.services.enqueueing import message_id

    written = rendering.variant("bench-letter", {"issue": 1}, "en", names=frozenset(bulkmail.fillings(n)))
    envelope = mime.Envelope(
        senders.sender("bulk"), (f"P {n}", f"p{n}@sink.example"), message_id(f"floor:{n}"), "en", clock.now()
    )
    safe = bulkmail.fillings(n)
    return mime.build_from(written.pattern, envelope, written.heading(safe), safe)


def _enqueue() -> str:
    from django.db import transaction

    from mail.services import enqueue

    run_id = uuid.uuid4().hex[:8]
    with transaction.atomic():
        for n in range(MESSAGES):
            enqueue(
                key=f"bench:{run_id}:{n}",
                kind="bench-letter",
                to=f"p{n}@sink.example",
                to_name=f"P {n}",
                language="en",
                params={"issue": 1, "person": n},
            )
    return run_id


def _small() -> Iterator[Line]:
    """The two costs that other apps pay: asking for a mail inside their transaction, and writing one."""
    from django.db import connection, transaction

    from mail.services import enqueue_prepared

    def bare() -> float:
        def once(n: int) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s::int", [n])

        return _rate(once, 500)

    def asking() -> float:
        run_id = uuid.uuid4().hex[:8]

        def once(n: int) -> None:
            enqueue_prepared(key=f"bench:{run_id}:{n}", to="a@sink.example", language="en", subject="S", text="T")

        with transaction.atomic():
            rate = _rate(once, 500)
            transaction.set_rollback(True)
        return rate

    yield {"name": "outbox_enqueue", "unit": "calls/s", **compare(bare, asking), "floor_is": "SELECT of one number"}
    yield {"name": "outbox_render_notice", "unit": "mails/s", **_rendering(), "floor_is": "mrml alone on ready MJML"}


def _rendering() -> Line:
    """Write a notice, against what turns its MJML into HTML: without templates, translations and the plain text."""
    import mrml
    from django.template import Context

    from mail import rendering

    context = {"heading": "You are registered", "paragraphs": ["Hello", "See you there"], "reason": "You registered."}
    ready = rendering._template("mail/notice.mjml").render(Context(rendering._whole_context(context, "en")))
    return compare(
        lambda: _rate(lambda _n: mrml.to_html(ready, render_options=rendering._OPTIONS), 300),
        lambda: _rate(lambda _n: rendering.render_words("mail/notice", context, language="en"), 300),
    )


def _rate(once: Callable[[int], object], number: int) -> float:
    started = time.perf_counter()
    for n in range(number):
        once(n)
    return number / (time.perf_counter() - started)


if __name__ == "__main__":
    import json

    import django

    django.setup()
    with tempfile.TemporaryDirectory() as scratch:
        for line in run(Path(scratch)):
            print(json.dumps(line), flush=True)
