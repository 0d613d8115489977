"""Seats that staff add are given once the undo window has passed: until then nobody has one, and nobody is told."""

from datetime import timedelta

import pytest

from core import clock
from events.audiences import NextInLine
from events.enums import EventStatus
from events.models import Event, Registration, WebinarPage
from events.services import (
    announce_changes,
    announcing,
    cancel,
    cancel_event,
    give_held_seats,
    project_event,
    promote,
    promote_from_waiting_list,
    promoting,
    restore_event,
)
from events.services.sweeping import sweep
from events.tasks import announce
from mail import rehearsal, rendering
from mail.models import Message
from tests.events.changing import WINDOW, all_leave, move, webinar
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


def full(people: str = "ABC", **fields) -> WebinarPage:
    """Return the page of an event with one seat, which the first has and for which the others wait."""
    page = webinar(capacity=1, **fields)
    for name in people:
        make.registered(Event.objects.get(translation_key=page.translation_key), name)
    all_leave()
    return page


def with_seats(page: WebinarPage, capacity: int | None) -> Event:
    """Publish the page with so many seats."""
    page.capacity = capacity
    event = project_event(page=page)
    assert event
    return event


def seated() -> list[str]:
    return list(Registration.objects.confirmed().order_by("pk").values_list("name", flat=True))


def told() -> list[str]:
    """Return whom a mail about a seat from the waiting list is asked for."""
    found = Message.objects.filter(kind="event-promoted").exclude(state="cancelled").order_by("id")
    return [one.to_address.partition("@")[0] for one in found]


def test_seats_that_staff_add_are_given_and_told_of_when_the_window_has_passed(time):
    event = with_seats(full(), 3)
    assert (event.fills_at, seated(), told()) == (clock.now() + timedelta(seconds=WINDOW), ["A"], [])
    time.shift(WINDOW - 1)
    assert (give_held_seats(), seated()) == (0, ["A"])
    time.shift(1)
    assert (give_held_seats(), seated(), told()) == (2, ["A", "B", "C"], ["b", "c"])
    event.refresh_from_db()
    assert (event.fills_at, give_held_seats()) == (None, 0)


@pytest.mark.parametrize("capacity", [3, None])
def test_a_newcomer_takes_no_seat_that_is_about_to_be_given(time, capacity):
    event = with_seats(full(), capacity)
    assert event.seat_state == "waiting"
    assert make.registered(event, "D").state == "waiting"
    time.shift(WINDOW)
    give_held_seats()
    assert seated() == (["A", "B", "C"] if capacity else ["A", "B", "C", "D"])


def test_without_a_waiting_list_a_newcomer_is_turned_away_while_others_wait_for_theirs(time):
    page = full()
    page.waiting_list = False
    event = with_seats(page, None)
    assert event.seat_state == "full"
    time.shift(WINDOW)
    give_held_seats()
    event.refresh_from_db()
    assert (event.seat_state, seated()) == ("open", ["A", "B", "C"])


def test_seats_taken_back_within_the_window_are_given_to_nobody(time):
    page = full()
    with_seats(page, 3)
    time.shift(WINDOW - 1)
    with_seats(page, 1)
    assert NextInLine(Event.objects.get()).people().count() == 0
    time.shift(WINDOW)
    assert (give_held_seats(), sweep().promoted, seated(), told()) == (0, 0, ["A"], [])


def test_each_further_publication_that_gives_seats_opens_the_window_anew(time):
    page = full()
    with_seats(page, 300)
    time.shift(WINDOW - 1)
    with_seats(page, 2)
    time.shift(WINDOW - 1)
    assert (give_held_seats(), seated()) == (0, ["A"])
    time.shift(1)
    assert (give_held_seats(), seated()) == (1, ["A", "B"])


def test_neither_a_cancellation_nor_a_sweep_gives_a_seat_before_that(time):
    page = full()
    event = with_seats(page, 2)
    cancel(registration_id=Registration.objects.get(name="A").pk)
    promoted = promote_from_waiting_list(event_id=event.pk)
    assert (promoted, sweep().promoted, seated()) == ([], 0, [])
    time.shift(WINDOW)
    assert (sweep().promoted, seated(), told()) == (2, ["B", "C"], ["b", "c"])


def test_once_nobody_waits_any_more_newcomers_get_the_seats(time):
    event = with_seats(full(), 4)
    for name in "BC":
        cancel(registration_id=Registration.objects.get(name=name).pk)
    assert make.registered(event, "D").state == "confirmed"


def test_staff_may_give_one_of_the_seats_to_somebody_at_once():
    with_seats(full(), 3)
    promote(registration_id=Registration.objects.get(name="C").pk, by=accounts.PersonFactory(), reason="speaker")
    assert (seated(), told()) == (["A", "C"], ["c"])


def test_an_event_called_off_within_the_window_gives_nothing_and_coming_back_opens_it_anew(time):
    event, by = with_seats(full(), 3), accounts.PersonFactory()
    assert cancel_event(event_id=event.pk, by=by, reason="x").fills_at is None
    time.shift(WINDOW)
    assert (give_held_seats(), seated()) == (0, ["A"])
    restored = restore_event(event_id=event.pk, by=by, reason="x")
    assert (restored.fills_at, seated()) == (clock.now() + timedelta(seconds=WINDOW), ["A"])


def test_an_event_that_has_begun_meanwhile_gives_nothing(time):
    event = with_seats(full(), 3)
    Event.objects.update(starts_at=clock.now() + timedelta(seconds=WINDOW))
    time.shift(WINDOW)
    assert (give_held_seats(), seated()) == (0, ["A"])
    event.refresh_from_db()
    assert event.fills_at is None


def test_who_gets_a_seat_reads_of_a_new_date_in_the_same_mail(time):
    page = full()
    page.capacity = 2
    move(page, days=1)
    time.shift(WINDOW)
    announce()
    found = Message.objects.filter(state="queued").order_by("to_address").values_list("to_address", "kind")
    assert list(found) == [
        ("a@example.org", "event-moved"),
        ("b@example.org", "event-promoted"),
        ("c@example.org", "event-moved"),
    ]
    assert announce_changes() == 0


def test_without_a_window_seats_are_given_at_once(settings):
    settings.MAIL_UNDO_SECONDS = 0
    assert (with_seats(full(), 2).fills_at, seated()) == (None, ["A", "B"])


def test_the_tick_goes_on_past_an_event_whose_seats_cannot_be_given(time, monkeypatch):
    first = with_seats(full("AB"), 2)
    with_seats(full("CD", title="Another", slug="another"), 2)
    fill = promoting.fill_seats

    def fails_for_the_first(event: Event) -> list[Registration]:
        if event.pk == first.pk:
            raise ZeroDivisionError
        return fill(event)

    monkeypatch.setattr(promoting, "fill_seats", fails_for_the_first)
    time.shift(WINDOW)
    assert (give_held_seats(), seated()) == (1, ["A", "C", "D"])
    first.refresh_from_db()
    assert first.fills_at == clock.now()


@pytest.mark.parametrize("number", [1, 3])
def test_looking_for_held_seats_costs_one_statement_where_none_are_due(django_assert_num_queries, number):
    for step in range(number):
        with_seats(full("AB", title=f"No. {step}", slug=f"no-{step}"), 2)
    with django_assert_num_queries(1):
        assert give_held_seats() == 0


def test_control_without_the_hold_whoever_waits_has_the_seat_before_it_can_be_taken_back(monkeypatch):
    monkeypatch.setattr(promoting.undo, "leaves_at", lambda since=None: None)
    page = full()
    with_seats(page, 3)
    with_seats(page, 1)
    assert (seated(), told(), Event.objects.get().status) == (["A", "B", "C"], ["b", "c"], EventStatus.SCHEDULED)


def begins_in(seconds: int, page: WebinarPage) -> None:
    """Let the event begin soon, as if it had been planned so from the beginning."""
    page.starts_at, page.ends_at = clock.now() + timedelta(seconds=seconds), clock.now() + timedelta(hours=1)
    Event.objects.update(starts_at=page.starts_at, ends_at=page.ends_at)


def test_what_was_promised_before_the_start_is_given_however_late_the_tick_comes(time):
    page = full()
    begins_in(WINDOW + 5, page)
    with_seats(page, 3)
    time.shift(WINDOW + 60)
    assert (give_held_seats(), seated(), told()) == (2, ["A", "B", "C"], ["b", "c"])


def test_what_was_promised_is_kept_by_a_later_publication_that_could_promise_nothing(time):
    page = full()
    begins_in(WINDOW + 5, page)
    promised = with_seats(page, 3).fills_at
    time.shift(10)
    page.title = "Budgets"
    assert with_seats(page, 3).fills_at == promised
    time.shift(WINDOW)
    assert (give_held_seats(), seated()) == (2, ["A", "B", "C"])


def test_nobody_is_promised_or_given_a_seat_whose_window_ends_after_the_start(time):
    page = full()
    begins_in(WINDOW - 5, page)
    event = with_seats(page, 3)
    assert NextInLine(event).people().count() == 0
    cancel(registration_id=Registration.objects.get(name="A").pk)
    time.shift(WINDOW)
    assert (give_held_seats(), sweep().promoted, seated(), told()) == (0, 0, [], [])


def test_seats_are_not_given_once_the_event_is_over(time):
    page = full()
    begins_in(WINDOW + 5, page)
    with_seats(page, 3)
    time.shift(7200)
    assert (give_held_seats(), seated(), Event.objects.get().fills_at) == (0, ["A"], None)


def test_news_that_comes_before_the_tick_gives_the_seats_first(time):
    page = full()
    page.capacity = 2
    move(page, days=1)
    time.shift(WINDOW)
    assert (announce_changes(), seated(), told()) == (2, ["A", "B"], ["b"])
    assert give_held_seats() == 0


def test_news_does_not_wait_for_seats_that_cannot_be_given(time, monkeypatch):
    page = full()
    page.capacity = 2
    move(page, days=1)
    time.shift(WINDOW)
    monkeypatch.setattr(announcing, "fill_seats", lambda event: 1 / 0)
    assert (announce_changes(), seated()) == (3, ["A"])


def test_who_gets_a_seat_reads_what_is_new_since_they_were_told_last(time):
    page = full("AB")
    event, by = Event.objects.get(), accounts.PersonFactory()
    cancel_event(event_id=event.pk, by=by, reason="x")
    time.shift(WINDOW)
    announce()
    all_leave()
    page.capacity, event.status = 2, EventStatus.CANCELLED
    move(page, days=1)
    restore_event(event_id=event.pk, by=by, reason="x")
    sample = rehearsal.sample(NextInLine(Event.objects.get()), "en").text
    time.shift(WINDOW)
    announce()
    message = Message.objects.get(kind="event-promoted")
    words = rendering.render(message).text
    for text in (words, sample):
        assert "The event was cancelled, but takes place after all. The event has a new date or time." in text
        assert ("12 December 2026" in text, "13 December 2026" in text, "A seat has become free" in text) == (True,) * 3


def test_who_gets_a_seat_and_knew_all_reads_of_the_seat_alone(time):
    with_seats(full("AB"), 2)
    time.shift(WINDOW)
    announce()
    words = rendering.render(Message.objects.get(kind="event-promoted")).text
    assert ("A seat has become free" in words, "after all" in words, "Before" in words) == (True, False, False)
