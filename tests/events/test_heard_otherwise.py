"""What people learn of a change from another mail than its news, and what a worker had written before they were told."""

import pytest
import time_machine

from events.models import Event, Registration, WebinarPage
from events.services import (
    announce_changes,
    cancel,
    cancel_event,
    notices,
    project_event,
    renew_links,
    restore_event,
    send_message,
    write_message,
)
from mail.models import Message
from mail.services import ledger
from tests.events.changing import NOW, WINDOW, last, move, told, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]
LATER = "450 4.2.0 greylisted"
# Longer than the longest wait between two tries.
A_DAY = 24 * 3600


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(mail_server) -> WebinarPage:
    """Return the page of an event with one seat, Ana's, for which Bo waits; both know that."""
    found = webinar(capacity=1)
    for name in ("Ana", "Bo"):
        make.registered(Event.objects.get(), name)
    deliver_all()
    return found


def registration(name: str) -> Registration:
    return Registration.objects.get(name=name)


def announced(clocks) -> int:
    clocks.shift(WINDOW)
    return announce_changes()


def put_off(server, clocks, name: str) -> None:
    """Have the server put off what waits for somebody, and take whatever comes next."""
    address = registration(name).email
    server.refuse(address, LATER)
    deliver_all()
    del server.answers[address]


def kinds(server, name: str) -> list[str]:
    """Return what somebody got, in order of arrival."""
    found = [one.message_id for one in server.accepted if registration(name).email in one.recipients]
    by_id = dict(Message.objects.values_list("message_id", "kind"))
    return [by_id[one].removeprefix("event-") for one in found]


def test_a_date_known_from_new_links_alone_is_told_when_it_is_undone(page, mail_server, clocks):
    move(page, days=2)
    announced(clocks)
    put_off(mail_server, clocks, "Ana")
    clocks.shift(1)
    renew_links(registration_id=registration("Ana").pk, version=0)
    # The news still waits for its next turn.
    deliver_all()
    assert kinds(mail_server, "Ana") == ["confirmation", "links"]
    move(page, days=-2)
    announced(clocks)
    assert told().count(("moved", "ana")) == 1
    clocks.shift(A_DAY)
    deliver_all()
    assert kinds(mail_server, "Ana") == ["confirmation", "links", "moved"]
    text = last("moved", "ana").text
    assert text.index("14 December 2026") < text.index("12 December 2026")


def test_a_date_known_from_a_promotion_alone_is_told_when_it_is_undone(page, mail_server, clocks):
    move(page, days=2)
    announced(clocks)
    put_off(mail_server, clocks, "Bo")
    clocks.shift(1)
    cancel(registration_id=registration("Ana").pk)
    deliver_all()
    assert kinds(mail_server, "Bo") == ["waiting", "promoted"]
    move(page, days=-2)
    announced(clocks)
    assert told().count(("moved", "bo")) == 1
    deliver_all()
    assert kinds(mail_server, "Bo") == ["waiting", "promoted", "moved"]


def test_a_restoration_known_from_new_links_alone_is_told_when_it_is_called_off_again(page, mail_server, clocks):
    event, staff = Event.objects.get(), PersonFactory()
    cancel_event(event_id=event.pk, by=staff, reason="x")
    announced(clocks)
    deliver_all()
    restore_event(event_id=event.pk, by=staff, reason="x")
    announced(clocks)
    put_off(mail_server, clocks, "Ana")
    clocks.shift(1)
    renew_links(registration_id=registration("Ana").pk, version=0)
    deliver_all()
    assert kinds(mail_server, "Ana") == ["confirmation", "called-off", "links"]
    cancel_event(event_id=event.pk, by=staff, reason="x")
    announced(clocks)
    assert told().count(("called-off", "ana")) == 2


def test_news_that_nothing_else_has_said_is_still_withdrawn_with_its_undoing(page, mail_server, clocks):
    clocks.shift(1)
    renew_links(registration_id=registration("Ana").pk, version=0)
    deliver_all()
    clocks.shift(1)
    move(page, days=2)
    announced(clocks)
    put_off(mail_server, clocks, "Ana")
    # What was refused has said nothing.
    renew_links(registration_id=registration("Ana").pk, version=1)
    mail_server.refuse(registration("Ana").email, "550 5.7.1 No")
    deliver_all()
    move(page, days=-2)
    announced(clocks)
    assert ("moved", "ana") not in told()


def test_a_mail_that_names_no_date_has_said_nothing_of_it(page, mail_server, clocks):
    move(page, days=2)
    announced(clocks)
    put_off(mail_server, clocks, "Ana")
    clocks.shift(1)
    notices.ask_whether_to_erase(registration("Ana"))
    deliver_all()
    assert "erasure-question" in kinds(mail_server, "Ana")
    move(page, days=-2)
    announced(clocks)
    assert ("moved", "ana") not in told()


def taken() -> ledger.Lease:
    """Let a worker have taken what waits; it may have written it, too."""
    return ledger.lease(stream="transactional", limit=20)


def states(name: str) -> list[tuple[str, str]]:
    found = Message.objects.filter(params__registration=registration(name).pk).order_by("id")
    return [(one.kind.removeprefix("event-"), one.state) for one in found]


def test_what_a_worker_has_ready_of_a_seat_falls_away_when_the_seat_is_given_up(mail_server):
    webinar()
    ana = make.registered(Event.objects.get(), "Ana")
    taken()
    cancel(registration_id=ana.pk)
    assert states("Ana") == [("confirmation", "cancelled"), ("cancelled", "queued")]
    deliver_all()
    assert kinds(mail_server, "Ana") == ["cancelled"]


def test_what_a_worker_has_ready_is_written_anew_when_a_date_is_told(mail_server, clocks):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    move(page, days=2)
    clocks.shift(WINDOW)
    taken()
    announce_changes()
    assert states("Ana") == [("confirmation", "queued"), ("moved", "queued")]
    deliver_all()
    assert "14 December 2026" in mail_server.to(registration("Ana").email)[0].get_body(("plain",)).get_content()


def test_a_message_to_many_that_a_worker_has_ready_is_written_anew_when_a_venue_is_told(mail_server, clocks):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    deliver_all()
    words = {"en": {"subject": "News", "text": "It rains."}}
    kept = write_message(event_id=Event.objects.get().pk, audience="confirmed", words=words, by=PersonFactory())
    send_message(message_id=kept.pk, by=PersonFactory())
    page.venue = "Town hall"
    project_event(page=page)
    clocks.shift(WINDOW)
    ledger.lease(stream="bulk", limit=20)
    announce_changes()
    assert states("Ana")[1:] == [("message", "queued"), ("moved", "queued")]


def test_what_a_worker_has_ready_of_a_place_is_written_anew_when_a_seat_comes(mail_server):
    webinar(capacity=1)
    first = make.registered(Event.objects.get(), "Ana")
    make.registered(Event.objects.get(), "Bo")
    taken()
    cancel(registration_id=first.pk)
    assert states("Bo") == [("waiting", "queued"), ("promoted", "queued")]
    deliver_all()
    assert kinds(mail_server, "Bo") == ["promoted"]


def test_what_a_worker_has_ready_holds_no_link_that_is_void(mail_server):
    webinar()
    ana = make.registered(Event.objects.get(), "Ana")
    old = ana.token
    taken()
    renew_links(registration_id=ana.pk, version=0)
    assert states("Ana") == [("confirmation", "queued"), ("links", "queued")]
    deliver_all()
    assert [old in str(mail) for mail in mail_server.to(ana.email)] == [False, False]


@pytest.mark.parametrize("number", [1, 3])
def test_writing_anew_costs_the_same_however_many_a_worker_has(number, django_assert_num_queries):
    webinar()
    for name in "ABC"[:number]:
        make.registered(Event.objects.get(), name)
    taken()
    registrations = list(Registration.objects.all())
    with django_assert_num_queries(2):
        assert notices.write_anew(registrations) == number
