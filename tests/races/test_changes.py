"""Changes of an event against people who register, cancel and join, and against themselves; with controls."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import User
from core import clock
from events.errors import EventCancelled, RegistrationClosed
from events.models import Event, EventVersion, Registration, WebinarPage
from events.querysets import EventQuerySet
from events.services import (
    announce_changes,
    announcing,
    cancel_event,
    give_held_seats,
    project_event,
    promoting,
    register,
    registering,
    seats,
    taking,
)
from mail.models import Message
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.races.meeting import Later, meet_after, meet_before

pytestmark = pytest.mark.django_db(transaction=True)

GUESTS = [f"Guest {number}" for number in range(32)]
Closing = Callable[[Event, User], None]


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


@pytest.fixture
def meet_before_giving(monkeypatch):
    """Have both meet between choosing who gets a seat and giving it."""
    meet_before(monkeypatch, promoting, "_give_seat")


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


@pytest.mark.rounds(50)
def test_registering_against_fewer_seats(at_once, meet_after_taking):
    event = registering_against_fewer_seats(at_once)
    assert (event.capacity, event.seat_state, seats.count(event).state) == (1, "waiting", "waiting")
    assert register(event_id=event.pk, applicant=make.applicant("Cy")).registration.state == "waiting"


def test_control_without_the_lock_visitors_are_promised_seats_that_are_gone(at_once, meet_after_taking, without_lock):
    event = registering_against_fewer_seats(at_once)
    assert event.seat_state != seats.count(event).state


def giving_against_taking_back(at_once) -> tuple[int, int]:
    """Let the tick give a held seat while staff take it back; return how many had one just then, and in the end."""
    event = make.event(capacity=1)
    page = WebinarPage.objects.get()
    for name in ("Ana", "Bo"):
        make.registered(event, name)
    page.capacity = 2
    project_event(page=page)
    Event.objects.update(fills_at=clock.now())
    page.capacity = 1
    found: list[int] = []

    def take_back() -> None:
        project_event(page=page)
        found.append(event.registrations.confirmed().count())

    at_once([give_held_seats, Later(take_back)])
    return found[0], event.registrations.confirmed().count()


@pytest.mark.rounds(25)
def test_a_held_seat_is_given_or_taken_back(at_once, meet_before_giving):
    assert giving_against_taking_back(at_once) == (2, 2)


def test_control_without_the_lock_a_seat_is_given_that_was_taken_back(at_once, meet_before_giving, without_lock):
    assert giving_against_taking_back(at_once) == (1, 2)


def called_off(event: Event, staff: User) -> None:
    cancel_event(event_id=event.pk, by=staff, reason="x")


def closed(_event: Event, _staff: User) -> None:
    """Publish that registration has been closed, as of this moment."""
    page = WebinarPage.objects.get()
    page.registration_closes_at = clock.now()
    project_event(page=page)


CLOSINGS = [pytest.param(called_off, id="called off"), pytest.param(closed, id="closed")]


def registering_against_closing(at_once, close: Closing, names: list[str], *, begins=Later) -> tuple[list, int, int]:
    """Let people register while staff close; return the answers, how many were in just then, and how many in the end."""
    event, staff = make.event(capacity=5), PersonFactory()
    found: list[int] = []

    def closing() -> None:
        close(event, staff)
        found.append(event.registrations.count())

    calls = [lambda name=name: register(event_id=event.pk, applicant=make.applicant(name)) for name in names]
    *answers, _closed = at_once([*calls, begins(closing)])
    return answers, found[0], event.registrations.count()


@pytest.mark.rounds(25)
@pytest.mark.parametrize("close", CLOSINGS)
def test_registering_against_closing(at_once, meet_after_taking, close):
    [answer], *numbers = registering_against_closing(at_once, close, ["Ana"])
    assert (answer.is_new, numbers) == (True, [1, 1])


@pytest.mark.parametrize("close", CLOSINGS)
def test_control_without_the_lock_somebody_gets_in_after_closing(at_once, meet_after_taking, without_lock, close):
    [answer], *numbers = registering_against_closing(at_once, close, ["Ana"])
    assert (answer.is_new, numbers) == (True, [0, 1])


@pytest.mark.parametrize(
    ("close", "refusal"),
    [
        pytest.param(called_off, EventCancelled, id="called off"),
        pytest.param(closed, RegistrationClosed, id="closed"),
    ],
)
@pytest.mark.rounds(40)
def test_of_thirty_two_who_register_nobody_gets_in_after_closing(at_once, close, refusal):
    answers, then, in_the_end = registering_against_closing(at_once, close, GUESTS, begins=lambda call: call)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert {type(answer) for answer in refused} <= {refusal}
    assert then == in_the_end == len(GUESTS) - len(refused)


@pytest.mark.parametrize("close", CLOSINGS)
def test_control_without_the_lock_all_thirty_two_get_in_after_closing(at_once, meet_after_taking, without_lock, close):
    _answers, then, in_the_end = registering_against_closing(at_once, close, GUESTS)
    assert then < in_the_end


def moved(event: Event, people: str) -> None:
    """Move an event of which these people know, and let the undo window pass."""
    for name in people:
        make.registered(event, name)
    page = WebinarPage.objects.get()
    page.starts_at, page.ends_at = page.starts_at + timedelta(days=1), page.ends_at + timedelta(days=1)
    project_event(page=page)
    EventVersion.objects.untold().update(made_at=clock.now() - timedelta(hours=1))


@pytest.fixture
def meet_before_telling(monkeypatch):
    """Have all sweeps meet between looking whom to tell and telling them."""
    meet_after(monkeypatch, announcing, "_people_to_tell")


def test_many_sweeps_at_once_tell_each_person_once(at_once, meet_before_telling):
    moved(make.event(), "ABCDEFGH")
    answers = at_once([announce_changes] * 6)
    assert sorted(answers) == [0, 0, 0, 0, 0, 8]
    assert Message.objects.filter(kind="event-moved").count() == 8


def test_control_without_the_lock_sweeps_do_each_others_work(at_once, meet_before_telling, without_lock):
    moved(make.event(), "ABCDEFGH")
    answers = at_once([announce_changes] * 6)
    # The key still keeps everybody from being written to twice.
    assert (sum(answers) > 8, Message.objects.filter(kind="event-moved").count()) == (True, 8)


def moved_while_registering(at_once, settings) -> Registration:
    """Move the event, and tell of it, while a registration is in flight that knows the old date; return it."""
    settings.MAIL_UNDO_SECONDS = 0
    event = make.event()
    page = WebinarPage.objects.get()
    page.starts_at, page.ends_at = page.starts_at + timedelta(days=1), page.ends_at + timedelta(days=1)

    def move() -> int:
        project_event(page=page)
        return announce_changes()

    outcome, told = at_once([lambda: register(event_id=event.pk, applicant=make.applicant("Ana")), Later(move)])
    assert isinstance(told, int)
    return Registration.objects.get(pk=outcome.registration.pk)


def test_moving_against_registering_tells_who_knew_the_old_date(at_once, meet_after_taking, settings):
    assert moved_while_registering(at_once, settings).told_revision == 1
    assert Message.objects.filter(kind="event-moved").count() == 1


def test_control_without_the_lock_somebody_is_left_with_the_old_date(
    at_once, meet_after_taking, without_lock, settings
):
    assert moved_while_registering(at_once, settings).told_revision == 0
    assert announce_changes() == 0


@pytest.mark.rounds(40)
def test_telling_against_registering_leaves_nobody_with_the_old_date(at_once):
    event = make.event()
    moved(event, "ABCD")
    late = [lambda name=name: register(event_id=event.pk, applicant=make.applicant(name)) for name in "EFGH"]
    answers = at_once([announce_changes, *late, announce_changes])
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert set(event.registrations.values_list("told_revision", flat=True)) == {1}
    assert Message.objects.filter(kind="event-moved").count() == 4
