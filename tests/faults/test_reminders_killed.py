"""A process killed in the sweep of reminders: each reminder is in the outbox once, whatever it had come to."""

import os
from dataclasses import replace

import pytest
from django.db import transaction

from events.models import Reminder
from events.services import remind, reminding
from mail.models import Message
from mail.services.asking_many import Asked
from tests.factories import events as make
from tests.faults import steps

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
PEOPLE = 7
BATCH = 3


def asked() -> list[str]:
    return list(Message.objects.filter(kind="event-reminder").values_list("to_address", flat=True))


@pytest.mark.parametrize(
    ("owner", "name", "is_after"),
    [
        pytest.param(reminding, "enqueue_many", False, id="before the mail is asked for"),
        pytest.param(reminding, "enqueue_many", True, id="asked for, not yet written down"),
        pytest.param(reminding, "_ask_for_batch", True, id="after the commit of a batch"),
    ],
)
def test_a_killed_sweep_leaves_whole_batches_and_the_next_one_asks_for_the_rest(owner, name, is_after, monkeypatch):
    monkeypatch.setattr(reminding, "BATCH", BATCH)
    make.reminder_due(PEOPLE)
    seen = iter(range(100))

    def die_in_the_second() -> None:
        if next(seen) == 1:
            steps.end_this_process()

    def work() -> None:
        at = steps.around(getattr(owner, name), lambda *_, **__: True, die_in_the_second, is_after=is_after)
        setattr(owner, name, at)
        remind()

    steps.die_in_a_fork(work)
    done = 2 * BATCH if name == "_ask_for_batch" else BATCH
    assert (len(asked()), Reminder.objects.filter(state="asked").count()) == (done, done)
    assert remind() == PEOPLE - done
    assert sorted(asked()) == [f"guest.{number}@example.org" for number in range(PEOPLE)]
    assert set(Reminder.objects.values_list("state", flat=True)) == {"asked"}


def test_control_a_sweep_that_commits_its_mail_before_its_reminders_asks_twice(monkeypatch):
    """What the one transaction is for: with the outbox's key taken away as well, the harm is seen."""
    monkeypatch.setattr(reminding, "BATCH", BATCH)
    make.reminder_due(PEOPLE)
    unlocked = reminding._ask_for_batch.__wrapped__
    asking = reminding._asked

    def without_memory(row: tuple) -> Asked:
        return replace(asking(row), key=f"{row[0]} of {os.getpid()}")

    monkeypatch.setattr(reminding, "_asked", without_memory)

    def work() -> None:
        reminding._ask_for_batch = unlocked
        reminding.enqueue_many = steps.around(
            transaction.atomic(reminding.enqueue_many), lambda *_, **__: True, steps.end_this_process, is_after=True
        )
        remind()

    steps.die_in_a_fork(work)
    remind()
    assert len(asked()) == PEOPLE + BATCH
