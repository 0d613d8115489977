"""Cancelling, and who gets the seat."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from events import errors
from events.enums import Actor, ChangeKind, EventStatus
from events.models import Event, Registration
from events.services import cancel, give_held_seats, promote, promote_from_waiting_list, restore_event
from events.services.sweeping import sweep
from mail import pacing
from mail.models import Message
from mail.pacing import A_FEW
from mail.services import ledger
from tests.events.changing import WINDOW, all_leave
from tests.factories import accounts
from tests.factories import events as make
from tests.factories.mail import ask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


def filled(*, capacity: int, people: str, **fields) -> tuple[Event, list[Registration]]:
    event = make.event(capacity=capacity, **fields)
    return event, [make.registered(event, name) for name in people]


def states(event: Event) -> dict[str, str]:
    return dict(event.registrations.order_by("pk").values_list("name", "state"))


def mails_to(name: str) -> list[str]:
    found = Message.objects.filter(to_address=f"{name.lower()}@example.org").order_by("id")
    return list(found.values_list("kind", flat=True))


def test_a_cancelled_seat_goes_to_the_first_in_line():
    event, (a, b, c, d) = filled(capacity=2, people="ABCD")
    cancel(registration_id=a.pk)
    assert states(event) == {"A": "cancelled", "B": "confirmed", "C": "confirmed", "D": "waiting"}
    assert mails_to("A") == ["event-confirmation", "event-cancelled"]
    assert mails_to("C") == ["event-waiting", "event-promoted"]
    assert mails_to("D") == ["event-waiting"]
    assert [(step.what, step.actor) for step in c.changes.all()] == [
        (ChangeKind.WAITING, Actor.PERSON),
        (ChangeKind.PROMOTED, Actor.SYSTEM),
    ]


def test_cancelling_twice_changes_nothing():
    event, (a, b, c, d) = filled(capacity=1, people="ABCD")
    first = cancel(registration_id=a.pk)
    again = cancel(registration_id=a.pk)
    assert (again.revision, again.cancelled_at) == (first.revision, first.cancelled_at)
    assert states(event) == {"A": "cancelled", "B": "confirmed", "C": "waiting", "D": "waiting"}
    assert mails_to("A") == ["event-confirmation", "event-cancelled"]
    assert a.changes.count() == 2


def test_leaving_the_waiting_list_frees_no_seat():
    event, (a, b, c) = filled(capacity=1, people="ABC")
    cancel(registration_id=b.pk)
    assert states(event) == {"A": "confirmed", "B": "cancelled", "C": "waiting"}


def test_numbers_on_the_list_are_never_given_twice():
    event, (a, b, c) = filled(capacity=1, people="ABC")
    cancel(registration_id=c.pk)
    assert make.registered(event, "D").waiting_number == 3


def test_somebody_who_waits_again_stands_at_the_end():
    event, (a, b, c) = filled(capacity=1, people="ABC")
    cancel(registration_id=b.pk)
    make.registered(event, "B")
    cancel(registration_id=a.pk)
    assert event.registrations.confirmed().get() == c


def test_more_seats_promote_as_many_in_order():
    event, people = filled(capacity=1, people="ABCDE")
    Event.objects.filter(pk=event.pk).update(capacity=3)
    assert [registration.name for registration in promote_from_waiting_list(event_id=event.pk)] == ["B", "C"]
    assert promote_from_waiting_list(event_id=event.pk) == []


def test_no_limit_promotes_everybody():
    event, people = filled(capacity=1, people="ABCD")
    Event.objects.filter(pk=event.pk).update(capacity=None)
    assert len(promote_from_waiting_list(event_id=event.pk)) == 3
    event.refresh_from_db()
    assert event.seat_state == "open"


def test_fewer_seats_take_nobodys_seat():
    event, (a, b, c, d) = filled(capacity=3, people="ABCD")
    Event.objects.filter(pk=event.pk).update(capacity=1)
    cancel(registration_id=a.pk)
    assert states(event) == {"A": "cancelled", "B": "confirmed", "C": "confirmed", "D": "waiting"}


def test_people_on_a_list_that_was_closed_still_move_up():
    event, (a, b) = filled(capacity=1, people="AB")
    Event.objects.filter(pk=event.pk).update(waiting_list=False)
    cancel(registration_id=a.pk)
    assert states(event) == {"A": "cancelled", "B": "confirmed"}


@pytest.mark.parametrize("change", [{"status": EventStatus.CANCELLED}, {"starts_at": -5}], ids=["cancelled", "begun"])
def test_nobody_moves_up_for_what_is_cancelled_or_has_begun(change):
    event, (a, b) = filled(capacity=1, people="AB")
    if "starts_at" in change:
        change = {"starts_at": clock.now() - timedelta(minutes=5)}
    Event.objects.filter(pk=event.pk).update(**change)
    cancel(registration_id=a.pk)
    assert states(event) == {"A": "cancelled", "B": "waiting"}
    assert promote_from_waiting_list(event_id=event.pk) == []


def test_what_is_over_stays_as_it_was():
    event, (a,) = filled(capacity=1, people="A")
    Event.objects.filter(pk=event.pk).update(
        starts_at=clock.now() - timedelta(hours=2), ends_at=clock.now() - timedelta(hours=1)
    )
    with pytest.raises(errors.EventOver):
        cancel(registration_id=a.pk)
    assert states(event) == {"A": "confirmed"}


def test_staff_cancel_with_a_reason_that_history_keeps():
    event, (a,) = filled(capacity=1, people="A")
    editor = accounts.PersonFactory()
    cancel(registration_id=a.pk, actor=Actor.STAFF, by=editor, reason="Asked by phone")
    step = a.changes.last()
    assert (step.what, step.actor, step.by, step.reason) == ("cancelled", "staff", editor, "Asked by phone")


def test_staff_move_somebody_up_only_into_a_free_seat():
    event, (a, b, c) = filled(capacity=1, people="ABC")
    editor = accounts.PersonFactory()
    with pytest.raises(errors.NoSeatFree):
        promote(registration_id=c.pk, by=editor, reason="Speaker")
    Event.objects.filter(pk=event.pk).update(capacity=2)
    promote(registration_id=c.pk, by=editor, reason="Speaker")
    with pytest.raises(errors.NotWaiting):
        promote(registration_id=c.pk, by=editor, reason="Speaker")
    assert states(event) == {"A": "confirmed", "B": "waiting", "C": "confirmed"}
    assert c.changes.last().reason == "Speaker"


@pytest.mark.parametrize("change", ["called off", "begun"])
def test_staff_move_nobody_up_for_what_is_called_off_or_has_begun(change, manager):
    event, (a, b) = filled(capacity=1, people="AB")
    page, button = reverse("registrations:inspect", args=[b.pk]), reverse("registrations:promote", args=[b.pk])
    assert button in manager.get(page).content.decode()
    seats = {"capacity": 2}
    if change == "called off":
        Event.objects.filter(pk=event.pk).update(status=EventStatus.CANCELLED, **seats)
    else:
        Event.objects.filter(pk=event.pk).update(starts_at=clock.now() - timedelta(minutes=5), **seats)
    with pytest.raises(errors.TooLateForSeat):
        promote(registration_id=b.pk, by=accounts.PersonFactory(), reason="Speaker")
    assert button not in manager.get(page).content.decode()
    answer = manager.post(button, {"reason": "Speaker"})
    assert (answer.status_code, "nobody moves up from the waiting list any more" in answer.content.decode()) == (
        409,
        True,
    )
    assert states(event) == {"A": "confirmed", "B": "waiting"}


def test_what_staff_are_told_to_do_for_a_seat_gives_it():
    event, (a, b, c, d) = filled(capacity=1, people="ABCD")
    with pytest.raises(errors.NoSeatFree) as refusal:
        promote(registration_id=c.pk, by=accounts.PersonFactory(), reason="Speaker")
    assert str(refusal.value) == (
        "No seat is free, and free seats go to those ahead first. Raise the capacity by one seat for each person who"
        " waits before this one, and by one more."
    )
    Event.objects.filter(pk=event.pk).update(capacity=event.capacity + 1 + 1)
    promote_from_waiting_list(event_id=event.pk)
    assert states(event) == {"A": "confirmed", "B": "confirmed", "C": "confirmed", "D": "waiting"}


def test_the_sweep_fills_a_seat_that_nobody_filled():
    event, people = filled(capacity=1, people="ABC")
    Event.objects.filter(pk=event.pk).update(capacity=2)
    assert sweep().promoted == 1
    assert sweep().promoted == 0


def test_visitors_are_told_when_a_seat_is_free_again():
    event, (a, b) = filled(capacity=2, people="AB")
    event.refresh_from_db()
    assert event.seat_state == "waiting"
    cancel(registration_id=a.pk)
    event.refresh_from_db()
    assert event.seat_state == "few"


def test_places_on_the_list_are_counted_from_the_front():
    event, (a, b, c, d) = filled(capacity=1, people="ABCD")
    cancel(registration_id=b.pk)
    cancel(registration_id=d.pk)
    places = dict(event.registrations.with_place().values_list("name", "place"))
    assert places == {"A": None, "B": None, "C": 1, "D": None}


def test_the_sweep_goes_on_past_an_event_whose_seat_cannot_be_given(monkeypatch: pytest.MonkeyPatch):
    first, _people = filled(capacity=1, people="AB")
    second, _people = filled(capacity=1, people="CD")
    Event.objects.filter(pk__in=[first.pk, second.pk]).update(capacity=2)

    def promote_unless_first(*, event_id: int) -> list:
        if event_id == first.pk:
            raise ZeroDivisionError
        return promote_from_waiting_list(event_id=event_id)

    monkeypatch.setattr("events.services.promoting.promote_from_waiting_list", promote_unless_first)
    assert sweep().promoted == 1
    assert states(second) == {"C": "confirmed", "D": "confirmed"}


def promotions() -> list[tuple[float, bool]]:
    """Return of each mail about a new seat after how many seconds it leaves, and whether mail to one goes before it."""
    found = Message.objects.filter(kind="event-promoted").order_by("due_at", "id")
    return [((one.due_at - clock.now()).total_seconds(), one.gives_way) for one in found]


def with_line(number: int) -> Event:
    """Return an event whose one seat is taken and for which so many wait; their mails so far have left."""
    event, _people = filled(capacity=1, people="ABCDEFGHIJ"[: number + 1])
    all_leave()
    return event


def test_few_who_get_a_seat_at_once_are_told_at_once(time):
    event = with_line(A_FEW)
    Event.objects.filter(pk=event.pk).update(capacity=None)
    promote_from_waiting_list(event_id=event.pk)
    assert promotions() == [(0, False)] * 5


def test_many_who_get_a_seat_at_once_have_it_at_once_and_are_told_in_turn(time, monkeypatch):
    monkeypatch.setattr(pacing, "DUE_PER_SECOND", 2)
    event = with_line(A_FEW + 1)
    Event.objects.filter(pk=event.pk).update(capacity=None)
    promote_from_waiting_list(event_id=event.pk)
    assert set(states(event).values()) == {"confirmed"}
    assert promotions() == [(0, True), (0, True), (1, True), (1, True), (2, True), (2, True)]
    told = Message.objects.filter(kind="event-promoted").order_by("due_at", "id").values_list("to_address", flat=True)
    assert list(told) == [f"{name}@example.org" for name in "bcdefg"]


def test_many_promotions_fall_due_no_faster_than_the_set_rate(time, settings):
    settings.MAIL_RATES = {"transactional": 0.5}
    event = with_line(A_FEW + 1)
    Event.objects.filter(pk=event.pk).update(capacity=None)
    promote_from_waiting_list(event_id=event.pk)
    assert [seconds for seconds, _gives_way in promotions()] == [0, 2, 4, 6, 8, 10]


def test_a_sign_in_code_asked_for_behind_many_promotions_leaves_in_the_next_lease(time):
    event = with_line(A_FEW + 1)
    Event.objects.filter(pk=event.pk).update(status=EventStatus.CANCELLED, capacity=None)
    restore_event(event_id=event.pk, by=accounts.PersonFactory(), reason="x")
    time.shift(WINDOW)
    give_held_seats()
    assert len(promotions()) == 6
    code = ask(is_secret=True)
    taken = ledger.lease(stream="transactional", limit=20).messages
    assert [message.kind for message in taken] == [code.kind, *["event-promoted"] * ledger.MOST_GIVING_WAY]
    assert taken[0].key == code.key


def test_whoever_gives_a_seat_of_many_up_again_is_not_told_of_it(time, monkeypatch):
    monkeypatch.setattr(pacing, "DUE_PER_SECOND", 1)
    event = with_line(A_FEW + 1)
    Event.objects.filter(pk=event.pk).update(capacity=None)
    *_others, last = promote_from_waiting_list(event_id=event.pk)
    cancel(registration_id=last.pk)
    assert Message.objects.get(kind="event-promoted", to_address="g@example.org").state == "cancelled"
