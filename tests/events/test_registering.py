"""Registering through the service: seats, the waiting list, known addresses, refusals, history and mails."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from core import clock
from core.seats import SeatState
from events import errors
from events.enums import Actor, ChangeKind, EventStatus, RegistrationState
from events.models import Event, Registration
from events.services import cancel, register
from mail.models import Message
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


def states(event: Event) -> list[tuple[str, str, int | None]]:
    return list(event.registrations.order_by("pk").values_list("name", "state", "waiting_number"))


def mails() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("kind", "to_address"))


def test_seats_go_first_come_then_places_on_the_waiting_list():
    event = make.event(capacity=2)
    for name in ("Ana", "Bo", "Cy", "Di"):
        make.registered(event, name)
    assert states(event) == [
        ("Ana", "confirmed", None),
        ("Bo", "confirmed", None),
        ("Cy", "waiting", 1),
        ("Di", "waiting", 2),
    ]
    assert mails() == [
        ("event-confirmation", "ana@example.org"),
        ("event-confirmation", "bo@example.org"),
        ("event-waiting", "cy@example.org"),
        ("event-waiting", "di@example.org"),
    ]


def test_without_a_limit_everybody_gets_a_seat():
    event = make.event(capacity=None)
    for number in range(5):
        make.registered(event, f"Guest {number}")
    assert event.registrations.confirmed().count() == 5
    event.refresh_from_db()
    assert event.seat_state == SeatState.OPEN


def test_no_seats_at_all_puts_everybody_on_the_list():
    event = make.event(capacity=0)
    assert make.registered(event).state == RegistrationState.WAITING


def test_a_full_event_without_waiting_list_refuses_and_writes_nothing():
    event = make.event(capacity=1, waiting_list=False)
    make.registered(event, "Ana")
    with pytest.raises(errors.EventFull):
        make.registered(event, "Bo")
    assert states(event) == [("Ana", "confirmed", None)]
    assert mails() == [("event-confirmation", "ana@example.org")]


@pytest.mark.parametrize(
    "again", ["ana@example.org", "ANA@Example.ORG", " ana@example.org ", "ａna@example.org"], ids=repr
)
def test_a_known_address_keeps_its_seat_and_is_told(again):
    event = make.event(capacity=5)
    first = make.registered(event, "Ana")
    outcome = register(event_id=event.pk, applicant=make.applicant("Somebody else", email=again))
    assert (outcome.registration, outcome.is_new, outcome.is_full) == (first, False, False)
    assert states(event) == [("Ana", "confirmed", None)]
    assert mails() == [("event-confirmation", "ana@example.org"), ("event-known", "ana@example.org")]


def test_a_mailbox_hears_of_a_known_address_once_an_hour():
    event = make.event(starts_at=make.in_days(3))
    make.registered(event, "Ana")
    with time_machine.travel(clock.now().replace(minute=5), tick=False) as traveller:
        for _ in range(5):
            make.registered(event, "Ana")
        assert mails().count(("event-known", "ana@example.org")) == 1
        traveller.shift(timedelta(hours=1))
        make.registered(event, "Ana")
        assert mails().count(("event-known", "ana@example.org")) == 2


def test_a_known_address_at_a_full_event_is_told_by_mail_and_refused_like_a_new_one():
    event = make.event(capacity=1, waiting_list=False)
    make.registered(event, "Ana")
    assert register(event_id=event.pk, applicant=make.applicant("Ana")).is_full is True
    assert mails()[-1] == ("event-known", "ana@example.org")


def test_registering_again_after_cancelling_makes_a_new_row():
    event = make.event(capacity=5)
    first = make.registered(event, "Ana")
    cancel(registration_id=first.pk)
    second = make.registered(event, "Ana")
    assert (second.pk != first.pk, second.uuid != first.uuid) == (True, True)
    assert states(event) == [("Ana", "cancelled", None), ("Ana", "confirmed", None)]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"status": EventStatus.CANCELLED}, errors.EventCancelled),
        ({"registration_closes_at": -1}, errors.RegistrationClosed),
        ({"registration_opens_at": 1}, errors.RegistrationNotOpen),
        ({"starts_at": -1}, errors.EventPast),
    ],
    ids=["cancelled", "closed", "not open yet", "begun"],
)
def test_nobody_registers_when_status_or_clock_forbid_it(change, refusal):
    event = make.event(starts_at=make.in_days(3))
    moved = {
        name: clock.now() + timedelta(minutes=value) if isinstance(value, int) else value
        for name, value in change.items()
    }
    Event.objects.filter(pk=event.pk).update(**moved)
    with pytest.raises(refusal):
        make.registered(event)
    assert (states(event), mails()) == ([], [])


def test_history_begins_with_what_registering_led_to():
    event = make.event(capacity=1)
    seat, place = make.registered(event, "Ana"), make.registered(event, "Bo")
    for registration, what in ((seat, ChangeKind.CONFIRMED), (place, ChangeKind.WAITING)):
        steps = list(registration.changes.values_list("what", "actor", "at"))
        assert steps == [(what, Actor.PERSON, registration.registered_at)]


def test_history_is_only_ever_added_to():
    change = make.registered(make.event()).changes.get()
    with pytest.raises(TypeError):
        change.save()


@pytest.mark.parametrize(
    ("capacity", "taken", "state"),
    [
        (10, 0, "open"),
        (10, 6, "open"),
        (10, 7, "few"),
        (10, 9, "few"),
        (10, 10, "waiting"),
        (100, 89, "open"),
        (100, 90, "few"),
    ],
)
def test_visitors_are_told_how_seats_stand(capacity, taken, state):
    event = make.event(capacity=capacity)
    Registration.objects.bulk_create(
        Registration(
            event=event, name="N", email=f"{n}@x.example", email_key=f"{n}@x.example",
            language="en", timezone="UTC", state="confirmed",
        )
        for n in range(max(0, taken - 1))
    )  # fmt: skip
    if taken:
        make.registered(event, "Last")
    event.refresh_from_db()
    assert event.seat_state == state


def test_registering_is_two_statements_in_its_transaction(django_assert_num_queries):
    event = make.event(capacity=50)
    applicant = make.applicant("Ana")
    # Between savepoint and release: lock, count and insert in one round trip, then the mail.
    with django_assert_num_queries(4):
        register(event_id=event.pk, applicant=applicant)


def test_an_account_that_is_gone_registers_for_nothing_and_is_told_what_to_do():
    event, person = make.bare_event(), accounts.PersonFactory()
    applicant = make.applicant("Ana", person=person)
    User.objects.filter(pk=person.pk).delete()
    with pytest.raises(errors.AccountEnding, match="come back without signing in"):
        register(event_id=event.pk, applicant=applicant)
    assert not Registration.objects.exists()


def test_an_event_that_is_gone_is_said_to_be_gone():
    with pytest.raises(Event.DoesNotExist):
        register(event_id=0, applicant=make.applicant("Ana"))
