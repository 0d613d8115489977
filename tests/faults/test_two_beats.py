"""Two real beats on one schedule, as after a deployment that forgot the old one."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings

from core import clock
from core.models import Heartbeat
from events.enums import ChangeKind
from events.models import Event, EventVersion, Registration, RegistrationChange, Reminder
from events.services import project_event
from gkec.devstack.processes import Child, wait_until
from mail import doorbell
from mail.models import Message
from tests.factories import events as make
from tests.faults.meeting import came
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., Worker]
StartBeat = Callable[..., Child]
PATIENCE_SECONDS = 40
JOBS = ("events.tasks.remind", "events.tasks.announce", "events.tasks.sweep")
OFTEN = {f"{name}_SECONDS": "1" for name in ("MAIL_SWEEP", "EVENTS_REMIND", "EVENTS_ANNOUNCE", "EVENTS_SWEEP")}
PEOPLE = 3
KINDS = ("event-reminder", "event-moved", "event-promoted")


def empty_the_broker() -> None:
    doorbell.wait_until_quiet()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()


def announce_now() -> None:
    """Move an event that three people know, and let the undo window pass."""
    page = make.live_webinar()
    event = Event.objects.get(translation_key=page.translation_key)
    for number in range(PEOPLE):
        make.registered(event, f"Moved {number}")
    page.starts_at, page.ends_at = page.starts_at + timedelta(days=1), page.ends_at + timedelta(days=1)
    project_event(page=page)
    page.save()
    EventVersion.objects.untold().update(made_at=clock.now() - timedelta(hours=1))


def promote_now() -> None:
    """Leave three seats free for which four people wait."""
    event = make.bare_event(capacity=1, waiting_list=True)
    for number in range(PEOPLE + 2):
        make.registered(event, f"Waiting {number}")
    Event.objects.filter(pk=event.pk).update(capacity=1 + PEOPLE)


def due_for_all_sweeps() -> None:
    """Leave each sweep something to do that nobody has rung for, and no mail but what they will ask for."""
    make.reminder_due(PEOPLE, named="Reminded")
    announce_now()
    promote_now()
    Message.objects.all().delete()
    empty_the_broker()


def is_all_done() -> bool:
    return (
        Reminder.objects.filter(state="asked").count() == PEOPLE
        and not EventVersion.objects.untold().exists()
        and Registration.objects.waiting().count() == 1
    )


def asked() -> dict[str, Counter[str]]:
    rows = Message.objects.values_list("kind", "to_address")
    return {kind: Counter(to for one, to in rows if one == kind) for kind in KINDS}


def mails() -> int:
    return Message.objects.filter(kind__in=KINDS).count()


def seats_given() -> Counter[str]:
    changes = RegistrationChange.objects.filter(what=ChangeKind.PROMOTED)
    return Counter(changes.values_list("registration__name", flat=True))


def each(word: str, times: int, *, first: int = 0) -> dict[str, int]:
    return {f"{word}.{number}@example.org": times for number in range(first, first + PEOPLE)}


def sweep_by_two_beats(start_worker: StartWorker, start_beat: StartBeat, folder: Path, **variables: str) -> list[Child]:
    """Have two beats start all sweeps every second until each job has been begun by two, and all is done."""
    folder.mkdir()
    queues = ("default",) if "UNGUARDED" in variables else ("default", "transactional", "bulk")
    # One for each job that is held at its step, and one for whoever comes second.
    worker = start_worker(
        queues, concurrency=4, include="tests.faults.meeting_sweeps", MEET_IN=str(folder), **variables
    )
    beats = [start_beat(**OFTEN) for _n in range(2)]

    def have_met() -> bool:
        return all(came(folder, job, "there") + came(folder, job, "away") > 1 for job in JOBS)

    assert wait_until(lambda: have_met() and is_all_done(), seconds=PATIENCE_SECONDS), worker.log()
    return beats


def test_two_beats_ask_for_each_mail_and_give_each_seat_once(
    scripted: Callable[..., ScriptedServer], start_worker: StartWorker, start_beat: StartBeat, tmp_path: Path
) -> None:
    server = scripted()
    due_for_all_sweeps()
    folder = tmp_path / "meeting"
    beats = sweep_by_two_beats(start_worker, start_beat, folder)
    assert {job: came(folder, job, "there") for job in JOBS} == dict.fromkeys(JOBS, 1)
    assert all(came(folder, job, "away") for job in JOBS)
    assert asked() == {
        "event-reminder": each("reminded", 1),
        "event-moved": each("moved", 1),
        "event-promoted": each("waiting", 1, first=1),
    }
    assert seats_given() == {f"Waiting {number}": 1 for number in range(1, 1 + PEOPLE)}
    assert wait_until(lambda: not Message.objects.filter(finished_at=None).exists(), seconds=PATIENCE_SECONDS)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert server.recipients() == sum(asked().values(), Counter())
    assert set(Heartbeat.objects.values_list("name", flat=True)) >= {"mail.tasks.sweep", *JOBS}
    assert all("Sending due task events-remind" in beat.program.log.read_text() for beat in beats)


@pytest.mark.long
def test_control_without_locks_and_keys_two_beats_do_everything_twice(
    start_worker: StartWorker, start_beat: StartBeat, tmp_path: Path
) -> None:
    due_for_all_sweeps()
    folder = tmp_path / "meeting"
    sweep_by_two_beats(start_worker, start_beat, folder, UNGUARDED="1")
    # Whoever came second commits second.
    is_twice = wait_until(
        lambda: seats_given().total() == 2 * PEOPLE and mails() == 5 * PEOPLE, seconds=PATIENCE_SECONDS
    )
    assert is_twice, (seats_given(), asked())
    assert asked() == {
        "event-reminder": each("reminded", 2),
        "event-moved": each("moved", 2),
        # The key of this mail was left to it.
        "event-promoted": each("waiting", 1, first=1),
    }
    assert seats_given() == {f"Waiting {number}": 2 for number in range(1, 1 + PEOPLE)}
