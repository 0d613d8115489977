"""An event that is called off once more just after it was restored: who knows already is not told anew."""

import pytest

from events.audiences import News
from events.models import Event, Registration
from events.services import announce_changes, cancel, cancel_event, restore_event
from mail.models import Message
from tests.events.changing import WINDOW, all_leave, told
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


@pytest.fixture
def told_once(event: Event, time) -> Event:
    """An event with two seats that Ana and Bo have and Cy waits for; all have been told an hour ago that it is off."""
    Event.objects.update(capacity=2)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    call_off()
    time.shift(WINDOW)
    assert announce_changes() == 3
    all_leave()
    time.shift(3600)
    return Event.objects.get()


def call_off() -> list[str]:
    """Call it off; return whom the rehearsal beside the button names."""
    event = Event.objects.get()
    named = sorted(News(event, "cancelled").people().values_list("name", flat=True))
    cancel_event(event_id=event.pk, by=PersonFactory(), reason="x")
    return named


def restore() -> None:
    restore_event(event_id=Event.objects.get().pk, by=PersonFactory(), reason="x")


def told_anew(time) -> list[str]:
    """Let the window pass; return who is told, and of what, beyond the first call-off."""
    time.shift(WINDOW)
    announce_changes()
    return [f"{kind} {to}" for kind, to in told()[3:]]


@pytest.mark.usefixtures("told_once")
def test_within_the_window_of_its_restoration_nobody_is_told_twice(time):
    restore()
    time.shift(WINDOW - 1)
    assert (call_off(), told_anew(time)) == ([], [])


@pytest.mark.usefixtures("told_once")
def test_who_registered_meanwhile_is_told(time):
    restore()
    make.registered(Event.objects.get(), "Di")
    time.shift(60)
    assert (call_off(), told_anew(time)) == (["Di"], ["called-off di"])


@pytest.mark.usefixtures("told_once")
def test_who_got_a_seat_meanwhile_reads_that_it_takes_place_and_is_told(time):
    restore()
    # Somebody leaves: the seat goes to Cy at once.
    cancel(registration_id=Registration.objects.get(name="Ana").pk)
    assert Message.objects.get(kind="event-promoted").to_address == "cy@example.org"
    time.shift(60)
    assert (call_off(), told_anew(time)) == (["Cy"], ["called-off cy"])


@pytest.mark.usefixtures("told_once")
def test_who_has_heard_that_it_takes_place_after_all_is_told(time):
    restore()
    time.shift(WINDOW)
    assert announce_changes() == 3
    all_leave()
    assert call_off() == ["Ana", "Bo", "Cy"]
    assert told_anew(time)[3:] == ["called-off ana", "called-off bo", "called-off cy"]


@pytest.mark.usefixtures("told_once")
def test_a_chain_of_restorations_tells_nobody_twice(time):
    for _time in range(2):
        restore()
        time.shift(60)
        assert call_off() == []
        time.shift(60)
    assert told_anew(time) == []
