"""What becomes of mails that wait when the registration they speak of ends, or its event is called off."""

import pytest
import time_machine

from core import clock
from events.models import Event, Registration
from events.services import (
    announce_changes,
    cancel,
    cancel_event,
    notices,
    promote_from_waiting_list,
    renew_links,
    restore_event,
)
from mail.models import Message
from mail.services import resend
from tests.events.changing import NOW, WINDOW, entry, last, told, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def put_off() -> None:
    """Let the server have put every mail off that waits."""
    waiting = Message.objects.filter(state="queued")
    waiting.update(state="deferred", reason="later", attempts=1, first_tried_at=clock.now())


def states(to: str = "ana") -> list[tuple[str, str, str]]:
    found = Message.objects.filter(to_address__startswith=to).order_by("id")
    return [(one.kind.removeprefix("event-"), one.state, one.reason) for one in found]


def test_what_waits_about_a_cancelled_seat_is_withdrawn_at_once():
    event = make.event()
    registration = make.registered(event, "Ana")
    make.registered(event, "Ana")
    renew_links(registration_id=registration.pk, version=0)
    make.registered(event, "Bo")
    put_off()
    cancel(registration_id=registration.pk)
    assert states() == [
        ("confirmation", "cancelled", "withdrawn"),
        ("known", "cancelled", "withdrawn"),
        ("links", "cancelled", "withdrawn"),
        ("cancelled", "queued", ""),
    ]
    assert states("bo") == [("confirmation", "deferred", "later")]


def test_what_waits_about_a_place_and_a_seat_from_it_is_withdrawn_at_once():
    event = make.event(capacity=1)
    first, second = (make.registered(event, name) for name in ("Bo", "Ana"))
    cancel(registration_id=first.pk)
    promote_from_waiting_list(event_id=event.pk)
    put_off()
    cancel(registration_id=second.pk)
    assert states() == [
        ("waiting", "cancelled", "withdrawn"),
        ("promoted", "cancelled", "withdrawn"),
        ("cancelled", "queued", ""),
    ]


def test_what_has_begun_to_leave_stays_as_it_is():
    registration = make.registered(make.event(), "Ana")
    now = clock.now()
    Message.objects.update(state="accepted", attempts=1, first_tried_at=now, started_at=now, finished_at=now, reason="")
    cancel(registration_id=registration.pk)
    assert states() == [("confirmation", "accepted", ""), ("cancelled", "queued", "")]


def test_cancelling_that_is_undone_withdraws_nothing(monkeypatch):
    registration = make.registered(make.event(), "Ana")

    def fails(event):
        raise RuntimeError

    monkeypatch.setattr("events.services.cancelling.fill_seats", fails)
    with pytest.raises(RuntimeError):
        cancel(registration_id=registration.pk)
    assert (states(), Registration.objects.get().is_live) == ([("confirmation", "queued", "")], True)


def test_an_invitation_put_off_outlives_a_call_off_that_is_undone_before_its_turn(clocks):
    webinar()
    event, staff = Event.objects.get(), PersonFactory()
    make.registered(event, "Ana")
    put_off()
    cancel_event(event_id=event.pk, by=staff, reason="x")
    clocks.shift(WINDOW)
    assert (announce_changes(), told()) == (1, [("called-off", "ana")])
    restore_event(event_id=event.pk, by=staff, reason="x")
    clocks.shift(WINDOW)
    announce_changes()
    assert states() == [("confirmation", "deferred", "later"), ("called-off", "cancelled", "withdrawn")]
    content = last("confirmation")
    assert (content.subject, entry(content)[0]) == ("You are registered: Budget", "REQUEST")


@pytest.mark.parametrize("number", [1, 3])
def test_withdrawing_costs_the_same_however_many_mails_wait(django_assert_num_queries, number):
    event = make.event()
    for name in "ABC"[:number]:
        make.registered(event, name)
        make.registered(event, name)
    registration = Registration.objects.order_by("pk")[0]
    with django_assert_num_queries(1):
        assert notices.withdraw_standing(registration) == 2


def test_a_copy_that_staff_sent_again_is_withdrawn_with_the_rest():
    registration = make.registered(make.event(), "Ana")
    first = Message.objects.get(kind="event-confirmation")
    now = clock.now()
    tried = {"started_at": now, "first_tried_at": now, "finished_at": now, "attempts": 1}
    Message.objects.filter(pk=first.pk).update(state="accepted", **tried)
    resend(message_pk=first.pk, by=PersonFactory(), reason="They asked")
    put_off()
    cancel(registration_id=registration.pk)
    assert [(kind, state) for kind, state, _why in states()][:2] == [
        ("confirmation", "accepted"),
        ("confirmation", "cancelled"),
    ]
