"""The deadlock hunt: every verb that locks, in random order, on two events, from several threads."""

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from psycopg.errors import DeadlockDetected

from accounts.errors import NobodyFound
from events.errors import EventError
from events.models import Event, WebinarPage
from events.services import project_event, projecting
from mail.services.resending import CannotResend
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.races import locking_verbs
from tests.races.locking_verbs import NothingThere, Scene, Verb
from tests.services.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
# Somebody or something may be gone by the time that a verb comes to it.
ANSWERS = (EventError, CannotResend, NobodyFound, ObjectDoesNotExist, NothingThere)


def every_verb(scene: Scene) -> list[Verb]:
    return [
        *locking_verbs.verbs_of_events(scene),
        *locking_verbs.verbs_of_reminders(scene),
        *locking_verbs.verbs_of_mail(scene),
        *locking_verbs.verbs_of_rights(scene),
    ]


def hunt(times: int, seed: int) -> tuple[Counter[str], list[BaseException]]:
    """Run so many verbs from several threads; return how often each kind of answer came, and what went wrong."""
    choices = every_verb(locking_verbs.two_events(PersonFactory(admin=True)))
    answers: Counter[str] = Counter()
    wrong: list[BaseException] = []

    def run(number: int) -> None:
        dice = random.Random(f"{seed}-{number}")
        for _ in range(-(-times // THREADS)):
            try:
                answers[outcome(dice.choice(choices), dice)] += 1
            except Exception as problem:  # noqa: BLE001  (what goes wrong is what is looked for)
                wrong.append(problem)
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
    except ANSWERS as refusal:
        return type(refusal).__name__
    return "done"


def deadlocks() -> int:
    """Return how many the database has had, those among them that somebody swallowed or tried once more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.fixture(autouse=True)
def shortened(settings):
    """Tell of changes and send to many without a window and forget mail at once, so that all of it takes part."""
    settings.MAIL_UNDO_SECONDS = 0
    settings.RETENTION_MAIL_WORDS_DAYS = settings.RETENTION_MAIL_DAYS = 0
    settings.MAIL_BATCH_SIZES = {"transactional": 6, "bulk": 6}
    settings.MAIL_GROUP_SIZES = {"transactional": 1, "bulk": 3}


@pytest.fixture
def bouncing(mail_server: MailServer) -> None:
    """Refuse some addresses for good, so that workers put them on the list."""
    for number in range(0, locking_verbs.GUESTS, 3):
        mail_server.refuse(make.applicant(locking_verbs.guest(number)).email)


@pytest.mark.rounds(0)
def test_sixty_verbs_at_once_never_lock_each_other_out(bouncing, caplog):
    before = deadlocks()
    answers, wrong = hunt(60, seed=1)
    assert (wrong, deadlocks() - before) == ([], 0)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert answers["done"] >= 20


@pytest.mark.long
@pytest.mark.rounds(0)
@pytest.mark.timeout(900)
def test_two_thousand_verbs_at_once_never_lock_each_other_out(bouncing, caplog):
    before = deadlocks()
    answers, wrong = hunt(2000, seed=2)
    assert (wrong, deadlocks() - before) == ([], 0)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert answers.total() >= 2000
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
