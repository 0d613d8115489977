"""The deadlock hunt: every verb that locks, in random order, on two events, from several threads."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from psycopg.errors import DeadlockDetected

from accounts.models import User
from core import clock
from events.errors import EventError
from events.models import Event, Registration, WebinarPage
from events.services import (
    announce_changes,
    cancel,
    cancel_event,
    change_preferences,
    claim_registrations,
    join,
    project_event,
    projecting,
    promote,
    promote_from_waiting_list,
    register,
    restore_event,
    set_join_link,
    sweeping,
)
from mail.services import withdraw
from mail.services.sweeping import sweep as sweep_mail
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
Verb = Callable[[random.Random], Any]


def verbs(keys: list[int], staff: User) -> list[Verb]:
    """Return everything that locks, each on something chosen at random."""

    def page(dice: random.Random) -> WebinarPage:
        return WebinarPage.objects.get(pk=dice.choice(keys))

    def event(dice: random.Random) -> Event:
        return Event.objects.get(translation_key=page(dice).translation_key)

    def somebody(dice: random.Random) -> Registration:
        return dice.choice(list(Registration.objects.all()))

    def project(dice: random.Random) -> None:
        found = page(dice)
        found.capacity = dice.choice([1, 3, 9, None])
        found.starts_at = clock.now() + timedelta(minutes=dice.randint(5, 14))
        found.ends_at = found.starts_at + timedelta(hours=1)
        # Events that swap addresses need each other's row.
        found.slug = dice.choice(["one", "two", "three"])
        project_event(page=found)

    return [
        lambda dice: register(event_id=event(dice).pk, applicant=make.applicant(f"Guest {dice.randint(1, 20)}")),
        lambda dice: cancel(registration_id=somebody(dice).pk),
        lambda dice: promote(registration_id=somebody(dice).pk, by=staff, reason="x"),
        lambda dice: promote_from_waiting_list(event_id=event(dice).pk),
        lambda dice: change_preferences(registration_id=somebody(dice).pk, language="fr", timezone="Asia/Kathmandu"),
        lambda dice: claim_registrations(person=staff, address=somebody(dice).email),
        lambda dice: join(registration_id=somebody(dice).pk),
        lambda dice: cancel_event(event_id=event(dice).pk, by=staff, reason="x"),
        lambda dice: restore_event(event_id=event(dice).pk, by=staff, reason="x"),
        lambda dice: withdraw(keys=[f"event-waiting:{somebody(dice).uuid}" for _ in range(3)]),
        lambda dice: announce_changes(),
        lambda dice: sweeping.sweep(),
        lambda dice: sweep_mail(),
        project,
        project,
    ]


def two_events() -> list[int]:
    """Make two events that begin in a moment, with a link and people; return the keys of their pages."""
    for _ in range(2):
        found = make.event(capacity=2, starts_at=clock.now() + timedelta(minutes=10))
        set_join_link(translation_key=found.translation_key, url="https://meet.example/")
        for name in ("Ana", "Bo", "Cy"):
            make.registered(found, name)
    return list(WebinarPage.objects.values_list("pk", flat=True))


def hunt(times: int, seed: int) -> tuple[Counter[str], list[BaseException]]:
    """Run so many verbs from several threads; return how often each kind of answer came, and what went wrong."""
    choices = verbs(two_events(), PersonFactory())
    answers: Counter[str] = Counter()
    wrong: list[BaseException] = []

    def run(number: int) -> None:
        dice = random.Random(f"{seed}-{number}")
        try:
            for _ in range(times // THREADS):
                answers[outcome(dice.choice(choices), dice)] += 1
        except Exception as problem:  # noqa: BLE001  (what goes wrong is what is looked for)
            wrong.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert not any(thread.is_alive() for thread in threads)
    return answers, wrong


def outcome(verb: Verb, dice: random.Random) -> str:
    """Do it; a refusal of the domain is an answer like any other."""
    try:
        verb(dice)
    except EventError as refusal:
        return type(refusal).__name__
    return "done"


@pytest.fixture(autouse=True)
def no_window(settings):
    """Tell of changes without a window, so that telling takes part."""
    settings.EVENT_UNDO_SECONDS = 0


@pytest.mark.rounds(0)
def test_sixty_verbs_at_once_never_lock_each_other_out():
    answers, wrong = hunt(60, seed=1)
    assert wrong == []
    assert answers["done"] >= 20


@pytest.mark.long
@pytest.mark.rounds(0)
@pytest.mark.timeout(900)
def test_two_thousand_verbs_at_once_never_lock_each_other_out():
    answers, wrong = hunt(2000, seed=2)
    assert wrong == []
    assert answers["done"] >= 1000


def swapped(at_once: Callable) -> list:
    """Let two events whose pages are down take each other's address at the same moment."""
    for slug in ("one", "two"):
        make.event(slug=slug)
    pages = {page.slug: page for page in WebinarPage.objects.all()}
    pages["one"].slug, pages["two"].slug = "two", "one"
    WebinarPage.objects.update(live=False)
    return at_once([lambda: project_event(page=pages["one"]), lambda: project_event(page=pages["two"])])


def test_two_events_that_swap_addresses_wait_for_each_other_in_one_order(at_once):
    answers = swapped(at_once)
    assert [answer for answer in answers if not isinstance(answer, Event)] == []
    assert Event.objects.filter(slug__in=["one", "two"]).exists()


def test_control_events_locked_one_after_the_other_lock_each_other_out(at_once, monkeypatch):
    gate = threading.Barrier(2)

    def one_by_one(page: WebinarPage) -> tuple[Event | None, list[Event]]:
        own = Event.objects.select_for_update().filter(translation_key=page.translation_key).first()
        if own is not None:
            gate.wait(30)
        return own, list(Event.objects.select_for_update().filter(slug=page.slug).exclude(pk=own and own.pk))

    monkeypatch.setattr(projecting, "_lock", one_by_one)
    answers = swapped(at_once)
    assert any(isinstance(getattr(answer, "__cause__", None), DeadlockDetected) for answer in answers)
