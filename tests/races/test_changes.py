"""Changes of an event against people who register, cancel and join, and against themselves; with controls."""

from datetime import timedelta

import pytest

from core import clock
from events.errors import EventCancelled
from events.models import Event, EventVersion, WebinarPage
from events.querysets import EventQuerySet
from events.services import (
    announce_changes,
    cancel_event,
    project_event,
    register,
    registering,
    seats,
    taking,
)
from mail.models import Message
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.races.meeting import Later, meet_after

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def without_lock(monkeypatch):
    """Read event rows without locking them."""
    monkeypatch.setattr(seats, "lock", lambda event_id: Event.objects.get(pk=event_id))
    monkeypatch.setattr(taking, "LOCKING", "")
    monkeypatch.setattr(EventQuerySet, "select_for_update", lambda self, **options: self.all())


@pytest.fixture
def meet_after_taking(monkeypatch):
    """Have everybody meet between taking a seat and committing it."""
    meet_after(monkeypatch, registering, "take")


def registering_against_fewer_seats(at_once) -> Event:
    """Let Bo take the second of five seats, which leaves few, while staff leave one seat only."""
    event = make.event(capacity=5)
    make.registered(event, "Ana")
    page = WebinarPage.objects.get()
    page.capacity = 1
    at_once(
        [
            lambda: register(event_id=event.pk, applicant=make.applicant("Bo")),
            Later(lambda: project_event(page=page)),
        ]
    )
    event.refresh_from_db()
    return event


def test_registering_against_fewer_seats(at_once, meet_after_taking):
    event = registering_against_fewer_seats(at_once)
    assert (event.capacity, event.seat_state, seats.standing(event).state) == (1, "waiting", "waiting")
    assert register(event_id=event.pk, applicant=make.applicant("Cy")).registration.state == "waiting"


def test_control_without_the_lock_visitors_are_promised_seats_that_are_gone(at_once, meet_after_taking, without_lock):
    event = registering_against_fewer_seats(at_once)
    assert event.seat_state != seats.standing(event).state


def registering_against_closing(at_once) -> tuple[int, int]:
    """Let Ana register while staff call the event off; return how many were in when they had, and in the end."""
    event, staff = make.event(), PersonFactory()
    found: list[int] = []

    def close() -> None:
        cancel_event(event_id=event.pk, by=staff, reason="x")
        found.append(event.registrations.count())

    at_once([lambda: register(event_id=event.pk, applicant=make.applicant("Ana")), Later(close)])
    return found[0], event.registrations.count()


def test_registering_against_closing(at_once, meet_after_taking):
    assert registering_against_closing(at_once) == (1, 1)


def test_control_without_the_lock_somebody_gets_in_after_closing(at_once, meet_after_taking, without_lock):
    assert registering_against_closing(at_once) == (0, 1)


@pytest.mark.rounds(40)
def test_thirty_two_register_while_the_event_is_called_off(at_once):
    event, staff = make.event(capacity=5), PersonFactory()
    calls = [
        lambda number=number: register(event_id=event.pk, applicant=make.applicant(f"Guest {number}"))
        for number in range(32)
    ]
    answers = at_once([*calls, lambda: cancel_event(event_id=event.pk, by=staff, reason="x")])
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert {type(answer) for answer in refused} <= {EventCancelled}
    assert event.registrations.count() == 32 - len(refused)


def moved(event: Event, people: str) -> None:
    """Move an event of which these people know, and let the undo window pass."""
    for name in people:
        make.registered(event, name)
    page = WebinarPage.objects.get()
    page.starts_at, page.ends_at = page.starts_at + timedelta(days=1), page.ends_at + timedelta(days=1)
    project_event(page=page)
    EventVersion.objects.untold().update(made_at=clock.now() - timedelta(hours=1))


@pytest.mark.rounds(40)
def test_many_sweeps_at_once_tell_each_person_once(at_once):
    moved(make.event(), "ABCDEFGH")
    answers = at_once([announce_changes] * 6)
    assert sorted(answers) == [0, 0, 0, 0, 0, 8]
    assert Message.objects.filter(kind="event-moved").count() == 8


@pytest.mark.rounds(40)
def test_telling_against_registering_leaves_nobody_with_the_old_date(at_once):
    event = make.event()
    moved(event, "ABCD")
    late = [lambda name=name: register(event_id=event.pk, applicant=make.applicant(name)) for name in "EFGH"]
    answers = at_once([announce_changes, *late, announce_changes])
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert set(event.registrations.values_list("told_revision", flat=True)) == {1}
    assert Message.objects.filter(kind="event-moved").count() == 4
