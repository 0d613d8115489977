"""A campaign of 5,000 to smtp-sink, with 1 and with 4 processes, against the bare loop; and what a pause costs others.

The issue is a page of the site in three languages, frozen and started as staff do it; the readers are split among
them. The floor sends the same mails built beforehand over one connection a process.
"""

import gc
import os
import resource
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import memory, outbox, smtpsink
from benchmarks.measure import compare

if TYPE_CHECKING:
    from newsletter.models import Campaign, NewsletterPage

READERS = int(os.environ.get("BENCH_MESSAGES", "5000"))
LANGUAGES = ("en", "fr", "es")
PARAGRAPH = "<p>How Oslo ties an emission ceiling to its budget, as people there told us in their own words.</p>"

Line = dict[str, Any]


def run(folder: Path) -> Iterator[Line]:
    """Yield one line for each number of processes, and one for a lease that passes a paused campaign."""
    from django.test import override_settings

    # For these lines alone: what is measured afterwards waits for its window as ever.
    with override_settings(MAIL_UNDO_SECONDS=0):
        yield from _lines(folder)


def _lines(folder: Path) -> Iterator[Line]:
    _forget_the_demo()
    _subscribe()
    page = _issue()
    try:
        with smtpsink.running(folder / "smtp-sink.log") as port:
            os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
            os.environ["BENCH_CAMPAIGN"] = str(_model(page).pk)
            for number in outbox.PROCESSES:
                with Crew(number, port, page) as crew:
                    measured = compare(crew.floor, crew.program)
                    yield {
                        "name": f"campaign_{number}_process{'es' if number > 1 else ''}",
                        "unit": "messages/s",
                        **measured,
                        **crew.meter.told(),
                        "messages": READERS,
                        "languages": len(LANGUAGES),
                        "bytes": len(_bytes(0)),
                        "bar": 0.7,
                        **crew.peaks.told(),
                        "frozen_in_s": round(statistics.median(crew.frozen_in), 2),
                        "counted_in_s": round(statistics.median(crew.counted_in), 3),
                        "starter_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                    }
    except smtpsink.NoSink as problem:
        yield {"name": "campaign", "not_measured": str(problem)}
    yield _lease_past_a_pause(page)


class Crew(outbox.Crew):
    """The processes of the outbox's benchmark, given a campaign to send."""

    def __init__(self, number: int, port: int, page: "NewsletterPage") -> None:
        super().__init__(number, port, _work)
        self.page = page
        self.frozen_in: list[float] = []
        self.counted_in: list[float] = []

    def program(self) -> float:
        """Start a campaign, send it, and check that its books close; return messages a second."""
        from newsletter.services import advance_campaigns, audiences
        from newsletter.services.books import Books, books

        campaign, seconds = _started(self.page)
        self.frozen_in.append(seconds)
        started = time.monotonic()
        audiences.count_audience(campaign)
        self.counted_in.append(time.monotonic() - started)
        rate = self.timed("program")
        advance_campaigns()
        campaign.refresh_from_db()
        if campaign.state != "sent" or books(campaign) != Books(audience=READERS, accepted=READERS):
            raise RuntimeError(f"The books do not close: {books(campaign)}")
        _forget(campaign)
        return rate


def _work(index: int, number: int, port: int, orders: Any, barrier: Any, results: Any) -> None:
    import django

    django.setup()
    share = range(index, READERS, number)
    built = [(f"p{n}@sink.example", _bytes(n)) for n in range(index, min(READERS, 200), number)]
    gc.freeze()
    while (order := orders.get()) != "stop":
        memory.forget_peak()
        barrier.wait(outbox.PATIENCE_SECONDS)
        sent = outbox.floor(port, built, len(share)) if order == "floor" else outbox.program()
        results.put((sent, memory.peak()))


def _bytes(n: int) -> bytes:
    from core import clock
    from mail import mime, rendering, senders
    from mail.services.enqueueing import message_id
    from newsletter import addresses

    language = LANGUAGES[n % len(LANGUAGES)]
    subscriber = uuid.UUID(int=n)
    safe = {
        "to_name": "",
        "unsubscribe_url": addresses.unsubscribe_url(subscriber),
        "preferences_url": addresses.preferences_url(subscriber, language),
    }
    params = {"campaign": int(os.environ["BENCH_CAMPAIGN"])}
    names = frozenset({"unsubscribe_url", "preferences_url"})
    written = rendering.variant("newsletter-issue", params, language, names=names)
    envelope = mime.Envelope(
        sender=senders.sender("bulk"),
        to=("", f"p{n}@sink.example"),
        message_id=message_id(f"floor:{n}"),
        language=language,
        date=clock.now(),
        unsubscribe_url=safe["unsubscribe_url"],
    )
    return mime.build_from(written.pattern, envelope, written.heading(safe), safe)


def _forget_the_demo() -> None:
    """Take away the demo's own campaigns: the outbox's benchmark has deleted their mails, so no books of them close."""
    from newsletter.models import Campaign

    for campaign in Campaign.objects.exclude(mailing=None):
        _forget(campaign)


def _subscribe() -> None:
    from core import clock
    from newsletter.models import Subscriber

    Subscriber.objects.all().delete()
    for first in range(0, READERS, 1000):
        Subscriber.objects.bulk_create(
            Subscriber(
                email=f"p{number}@sink.example",
                email_key=f"p{number}@sink.example",
                language=LANGUAGES[number % len(LANGUAGES)],
                state="confirmed",
                confirmed_at=clock.now(),
            )
            for number in range(first, min(first + 1000, READERS))
        )


def _issue() -> "NewsletterPage":
    """Make a live issue in each language, with as many words as a real one."""
    from wagtail.models import Locale, Page

    from newsletter.models import NewsletterIndexPage, NewsletterPage

    key, pages = uuid.uuid4(), []
    for code in LANGUAGES:
        locale = Locale.objects.get(language_code=code)
        home = Page.objects.filter(depth=2, locale=locale).first()
        section = NewsletterIndexPage.objects.filter(locale=locale).first()
        if section is None:
            section = NewsletterIndexPage(title="News", slug=f"bench-{uuid.uuid4().hex}", locale=locale)
            home.add_child(instance=section)
        page = NewsletterPage(
            title="Ten cities",
            slug=f"bench-{uuid.uuid4().hex}",
            locale=locale,
            translation_key=key,
            number=1,
            subject=f"Ten cities, one budget ({code})",
            body=[("lead", {"text": "Ten cities."}), *[("text", {"heading": "More", "text": PARAGRAPH * 4})] * 6],
        )
        section.add_child(instance=page)
        page.save_revision().publish()
        pages.append(page)
    return pages[0]


def _model(page: "NewsletterPage") -> "Campaign":
    """Return a campaign that knows the issue's editions and is never started, for the floor to be written from."""
    from newsletter import editions
    from newsletter.models import Campaign

    frozen = editions.frozen(editions.published(page.translation_key))
    return Campaign.objects.create(issue=uuid.uuid4(), title="Floor", editions=frozen)


def _started(page: "NewsletterPage") -> tuple["Campaign", float]:
    from newsletter.services import prepare_campaign, start_campaign

    campaign = prepare_campaign(issue=page.translation_key)
    began = time.monotonic()
    started = start_campaign(campaign_id=campaign.pk)
    return started, time.monotonic() - began


def _forget(campaign: "Campaign") -> None:
    from mail.models import Mailing, Message

    Message.objects.filter(mailing=campaign.mailing_id).delete()
    mailing_id = campaign.mailing_id
    campaign.delete()
    Mailing.objects.filter(pk=mailing_id).delete()


def _lease_past_a_pause(page: "NewsletterPage") -> Line:
    """How long taking a batch lasts when a whole paused campaign stands before it; the floor is none before it."""
    from mail.services import enqueue_prepared
    from newsletter.services import pause_campaign

    for n in range(50):
        enqueue_prepared(
            key=f"bench-pause:{n}", to=f"q{n}@sink.example", language="en", subject="S", text="T", stream="bulk"
        )
    without = _lease_ms()
    campaign, _seconds = _started(page)
    _before_the_others(campaign)
    pause_campaign(campaign_id=campaign.pk)
    behind = _lease_ms()
    _forget(campaign)
    return {
        "name": "lease_past_a_paused_campaign",
        "figure": round(behind, 2),
        "unit": "ms",
        "floor": round(without, 2),
        "messages_paused": READERS,
        "load_average": round(os.getloadavg()[0], 2),
    }


def _before_the_others(campaign: "Campaign") -> None:
    from datetime import timedelta

    from core import clock
    from mail.models import Message

    Message.objects.filter(mailing=campaign.mailing_id).update(due_at=clock.now() - timedelta(hours=1))


def _lease_ms() -> float:
    from mail.services import ledger

    taken = []
    for _round in range(15):
        began = time.perf_counter()
        lease = ledger.lease(stream="bulk", limit=200)
        taken.append(1000 * (time.perf_counter() - began))
        if len(lease.messages) != 50:
            raise RuntimeError(f"{len(lease.messages)} messages were taken instead of 50.")
        ledger.release(lease=lease)
    return statistics.median(taken)


if __name__ == "__main__":
    import json

    import django

    django.setup()
    with tempfile.TemporaryDirectory() as scratch:
        for line in run(Path(scratch)):
            print(json.dumps(line), flush=True)
