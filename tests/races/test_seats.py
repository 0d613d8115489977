"""Races for seats on a real database; each with a control that takes the lock away and must go wrong."""

import pytest
from django.db import IntegrityError

from events.models import Event, Registration
from events.services import cancel, promote_from_waiting_list, promoting, register, registering, seats, taking
from mail.models import Message
from tests.factories import events as make
from tests.races.meeting import Later, meet_after, meet_before

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 32


@pytest.fixture
def without_lock(monkeypatch):
    """Read the event's row without locking it."""
    monkeypatch.setattr(seats, "lock", lambda event_id: Event.objects.get(pk=event_id))
    monkeypatch.setattr(taking, "LOCKING", "")


@pytest.fixture
def meet_after_taking(monkeypatch):
    """Have all meet between counting the seats and committing the one that was taken."""
    meet_after(monkeypatch, registering, "take")


@pytest.fixture
def meet_before_promoting(monkeypatch):
    """Have all meet between choosing the first in line and giving the seat."""
    meet_before(monkeypatch, promoting, "_give_seat")


def all_register(at_once, event: Event, *, same: bool = False) -> list:
    people = [make.applicant("Ana" if same else f"Guest {number}") for number in range(CLIENTS)]
    return at_once([lambda who=who: register(event_id=event.pk, applicant=who) for who in people])


def faults(event: Event) -> list[str]:
    """Return what is wrong with an event's seats."""
    event.refresh_from_db()
    registrations = list(event.registrations.all())
    taken = sum(one.is_confirmed for one in registrations)
    waiting = sum(one.is_waiting for one in registrations)
    numbers = sorted(one.waiting_number for one in registrations if one.waiting_number)
    addresses = [one.email_key for one in registrations if one.is_live]
    found = []
    if event.capacity is not None and taken > event.capacity:
        found.append(f"{taken} seats taken of {event.capacity}")
    if waiting and (event.capacity is None or taken < event.capacity):
        found.append(f"{waiting} wait although a seat is free")
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"numbers {numbers}")
    if len(addresses) != len(set(addresses)):
        found.append("an address has two places")
    if event.seat_state != seats.count(event).state:
        found.append(f"visitors read {event.seat_state}")
    return found


@pytest.mark.rounds(50)
def test_the_last_seat_among_thirty_two(at_once, meet_after_taking):
    event = make.event(capacity=1)
    answers = all_register(at_once, event)
    states = [answer.registration.state for answer in answers]
    assert (states.count("confirmed"), states.count("waiting")) == (1, CLIENTS - 1)
    assert faults(event) == []
    kinds = list(Message.objects.values_list("kind", flat=True))
    assert (kinds.count("event-confirmation"), kinds.count("event-waiting")) == (1, CLIENTS - 1)


def test_control_without_the_lock_the_last_seat_is_sold_twice(at_once, meet_after_taking, without_lock):
    event = make.event(capacity=1)
    all_register(at_once, event)
    assert faults(event) != []


def test_the_last_seats_of_an_event_without_a_list(at_once, meet_after_taking):
    event = make.event(capacity=3, waiting_list=False)
    answers = all_register(at_once, event)
    refused = [answer for answer in answers if isinstance(answer, registering.EventFull)]
    assert (len(refused), event.registrations.count(), Message.objects.count()) == (CLIENTS - 3, 3, 3)
    assert faults(event) == []


def test_one_address_registers_thirty_two_times(at_once, meet_after_taking):
    event = make.event(capacity=5)
    answers = all_register(at_once, event, same=True)
    assert {answer.registration.pk for answer in answers} == {event.registrations.get().pk}
    assert sum(answer.is_new for answer in answers) == 1
    assert sorted(Message.objects.values_list("kind", flat=True)) == ["event-confirmation", "event-known"]


def test_control_without_the_lock_an_address_registers_twice_or_fails(at_once, meet_after_taking, without_lock):
    event = make.event(capacity=5)
    answers = all_register(at_once, event, same=True)
    assert any(isinstance(answer, Exception) for answer in answers) or event.registrations.count() > 1


def cancelling_against_promoting(at_once) -> tuple[Event, list]:
    event = make.event(capacity=1)
    people = [make.registered(event, name) for name in "ABCD"]
    answers = at_once(
        [
            lambda: cancel(registration_id=people[0].pk),
            Later(lambda: cancel(registration_id=people[1].pk)),
            lambda: promote_from_waiting_list(event_id=event.pk),
        ]
    )
    return event, answers


@pytest.mark.rounds(50)
def test_cancelling_against_promoting(at_once, meet_before_promoting):
    event, answers = cancelling_against_promoting(at_once)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert faults(event) == []
    assert dict(event.registrations.values_list("name", "state")) == {
        "A": "cancelled",
        "B": "cancelled",
        "C": "confirmed",
        "D": "waiting",
    }


def test_control_without_the_lock_a_cancelled_person_is_promoted(at_once, meet_before_promoting, without_lock):
    event, answers = cancelling_against_promoting(at_once)
    went_wrong = [answer for answer in answers if isinstance(answer, Exception)]
    states = dict(event.registrations.values_list("name", "state"))
    assert went_wrong or faults(event) or states["B"] != "cancelled"


def everything_at_once(at_once) -> tuple[Event, list]:
    """Register, cancel and promote at the same moment for one event."""
    event = make.event(capacity=4)
    people = [make.registered(event, f"Early {number}") for number in range(8)]
    calls = [lambda who=who: cancel(registration_id=who.pk) for who in people[::2]]
    calls += [
        lambda number=number: register(event_id=event.pk, applicant=make.applicant(f"Late {number}"))
        for number in range(12)
    ]
    calls += [lambda: promote_from_waiting_list(event_id=event.pk)] * 4
    return event, at_once(calls)


@pytest.mark.rounds(40)
def test_registering_cancelling_and_promoting_at_once(at_once):
    event, answers = everything_at_once(at_once)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert faults(event) == []
    confirmed = set(Registration.objects.confirmed().values_list("name", flat=True))
    # The early ones who stayed were there before everybody late, whatever happens at once.
    assert confirmed == {"Early 1", "Early 3", "Early 5", "Early 7"}


def test_control_without_the_lock_places_are_given_twice(at_once, meet_after_taking, without_lock):
    event, answers = everything_at_once(at_once)
    assert any(isinstance(answer, IntegrityError) for answer in answers) or faults(event)
