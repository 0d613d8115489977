"""Mails refused because of news that was taken back before anybody heard of it: they are asked for once more."""

import pytest
import time_machine

from core import clock
from events.models import Event, Registration, WebinarPage
from events.services import announce_changes, announcing, cancel, cancel_event, renew_links, restore_event
from mail import kinds, pacing
from mail.models import Message
from mail.services import withdraw
from mail.services.sweeping import sweep as sweep_mail
from tests.events.changing import NOW, WINDOW, entry, last, move, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "mail_server")]

REFUSED = ("cancelled", "senseless")
TAKEN_BACK = ("called-off", "cancelled", "withdrawn")
LATER = 8 * 3600


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff():
    return PersonFactory()


@pytest.fixture
def event(mail_server) -> Event:
    """An event with two seats, which Ana and Bo have and Cy waits for; nothing of their mail has left."""
    webinar(capacity=2)
    found = Event.objects.get()
    for name in ("Ana", "Bo", "Cy"):
        make.registered(found, name)
    return found


@pytest.fixture
def page(event) -> WebinarPage:
    return WebinarPage.objects.get(translation_key=event.translation_key)


def of(event: Event, name: str) -> Registration:
    return event.registrations.get(name=name)


def answer(server, text: str, *names: str) -> None:
    """Let the server answer so to what it is sent for these, everything else be taken."""
    for name in names:
        server.refuse(make.applicant(name).email, text)
    deliver_all()
    server.answers.clear()


def put_off(server, *names: str) -> None:
    answer(server, "450 4.2.0 greylisted", *names)


def try_again(*kinds: str) -> None:
    """Have workers try what was put off, of these kinds alone where there are any; other mail waits longer still."""
    put_off_mails = Message.objects.filter(state="deferred")
    if kinds:
        put_off_mails = put_off_mails.filter(kind__in=[f"event-{kind}" for kind in kinds])
    put_off_mails.update(due_at=clock.now())
    waiting = {one.pk: one.due_at for one in Message.objects.filter(state="queued", gives_way=True)}
    Message.objects.filter(pk__in=waiting).update(due_at=clock.now().replace(year=2027))
    deliver_all()
    for pk, moment in waiting.items():
        Message.objects.filter(pk=pk).update(due_at=moment)


def told(clocks) -> int:
    """Let the undo window pass and people be told; return how many are."""
    clocks.shift(WINDOW)
    return announce_changes()


def call_off_unheard(event: Event, staff, clocks) -> None:
    """Call it off and let that be announced; what waited before is tried while the news is not due yet."""
    cancel_event(event_id=event.pk, by=staff, reason="x")
    told(clocks)
    try_again()


def call_off_and_restore(event: Event, staff, clocks) -> int:
    """Call it off, and restore it before anybody has heard; return how many people are told."""
    call_off_unheard(event, staff, clocks)
    restore_event(event_id=event.pk, by=staff, reason="x")
    return told(clocks)


def mails(name: str) -> list[tuple[str, str, str]]:
    """Return kind, state and reason of each mail to somebody, in the order in which they were asked for."""
    found = Message.objects.filter(to_address=make.applicant(name).email).order_by("pk")
    return [(one.kind.removeprefix("event-"), one.state, one.reason) for one in found]


def anew(name: str = "") -> list[tuple[str, str, dict]]:
    """Return kind, addressee and parameters, but for whom it is about, of what was asked for once more."""
    found = Message.objects.filter(key__endswith=":anew", to_address__startswith=name.lower()).order_by("pk")
    return [
        (
            one.kind.removeprefix("event-"),
            one.to_address.partition("@")[0],
            {name: value for name, value in one.params.items() if name != "registration"},
        )
        for one in found
    ]


def arrived(server) -> list[str]:
    """Return kind and addressee of what the server took."""
    kinds = dict(Message.objects.values_list("message_id", "kind"))
    found = ((kinds[one.message_id], one.recipients[0]) for one in server.accepted)
    return sorted(f"{kind.removeprefix('event-')} {to.partition('@')[0]}" for kind, to in found)


ALL_ONCE = ["confirmation ana", "confirmation bo", "waiting cy"]


class TestACallOffThatNobodyHeardOf:
    @pytest.fixture(autouse=True)
    def waiting(self, event, mail_server) -> None:
        put_off(mail_server, "Ana", "Bo", "Cy")

    def test_who_got_nothing_gets_what_was_refused(self, event, staff, clocks, mail_server):
        assert call_off_and_restore(event, staff, clocks) == 3
        assert mails("Ana") == [("confirmation", *REFUSED), TAKEN_BACK, ("confirmation", "queued", "")]
        assert mails("Cy") == [("waiting", *REFUSED), TAKEN_BACK, ("waiting", "queued", "")]
        content = last("confirmation", "ana")
        assert (content.subject, entry(content)[0]) == ("You are registered: Budget", "REQUEST")
        assert announce_changes() == 0
        deliver_all()
        assert arrived(mail_server) == ALL_ONCE
        assert Event.objects.get().versions.untold().count() == 0

    def test_control_otherwise_they_get_nothing(self, event, staff, clocks, mail_server, monkeypatch):
        monkeypatch.setattr(announcing, "unsaid", lambda people: {})
        assert call_off_and_restore(event, staff, clocks) == 0
        deliver_all()
        assert arrived(mail_server) == []

    def test_who_got_it_before_is_asked_nothing(self, event, staff, clocks, mail_server):
        Message.objects.filter(to_address=make.applicant("Bo").email).update(due_at=clock.now())
        deliver_all()
        assert call_off_and_restore(event, staff, clocks) == 2
        assert mails("Bo") == [("confirmation", "accepted", ""), TAKEN_BACK]
        deliver_all()
        assert arrived(mail_server) == ALL_ONCE

    def test_what_may_have_arrived_before_it_was_refused_is_asked_for_too(self, event, staff, clocks, mail_server):
        tried = {"repeats": 1, "started_at": clock.now(), "first_tried_at": clock.now(), "attempts": 1}
        Message.objects.filter(to_address=make.applicant("Ana").email).update(reason="no_answer", **tried)
        assert call_off_and_restore(event, staff, clocks) == 3
        assert mails("Ana")[0] == ("confirmation", "unknown", "senseless")
        assert anew("Ana") == [("confirmation", "ana", {})]

    def test_who_has_an_address_in_another_script_gets_it_too(self, event, staff, clocks, mail_server):
        # Their registration keeps what they typed, the outbox what a server understands.
        dee = make.registered(event, "Dee", email="Dee@bücher.example")
        Message.objects.filter(to_address__contains="xn--").update(
            state="deferred", reason="later", attempts=1, first_tried_at=clock.now()
        )
        assert dee.email.casefold() == "dee@bücher.example"
        assert call_off_and_restore(event, staff, clocks) == 4
        found = Message.objects.get(key__endswith=":anew", params__registration=dee.pk)
        assert (found.kind, found.to_address.lower()) == ("event-waiting", "dee@xn--bcher-kva.example")

    def test_a_later_mail_that_did_not_arrive_has_said_nothing(self, event, staff, clocks, mail_server):
        Message.objects.filter(state="deferred").update(due_at=clock.now().replace(year=2027))
        make.registered(event, "Ana")
        answer(mail_server, "554 5.7.1 no", "Ana")
        assert call_off_and_restore(event, staff, clocks) == 3
        assert mails("Ana")[:2] == [("confirmation", *REFUSED), ("known", "failed", "refused")]
        assert anew("Ana") == [("confirmation", "ana", {})]

    def test_of_several_of_one_kind_the_last_alone_and_each_other_kind(self, event, staff, clocks):
        ana = of(event, "Ana")
        renew_links(registration_id=ana.pk, version=0)
        renew_links(registration_id=ana.pk, version=1)
        make.registered(event, "Ana")
        clocks.shift(3600)
        make.registered(event, "Ana")
        Message.objects.filter(state="queued").update(state="deferred", reason="later", attempts=1)
        Message.objects.filter(state="deferred").update(first_tried_at=clock.now())
        call_off_and_restore(event, staff, clocks)
        assert anew("Ana") == [
            ("confirmation", "ana", {}),
            ("links", "ana", {"version": 2}),
            ("known", "ana", {}),
        ]

    def test_links_that_are_void_by_then_are_not_asked_for(self, event, staff, clocks, mail_server):
        renew_links(registration_id=of(event, "Ana").pk, version=0)
        put_off(mail_server, "Ana")
        renew_links(registration_id=of(event, "Ana").pk, version=1)
        answer(mail_server, "554 5.7.1 no", "Ana")
        # Refused for their own sake, while it takes place.
        try_again("links")
        call_off_and_restore(event, staff, clocks)
        assert anew("Ana") == [("confirmation", "ana", {})]

    def test_a_place_is_not_asked_for_by_whom_has_a_seat(self, event, staff, clocks, mail_server):
        cancel(registration_id=of(event, "Bo").pk)
        answer(mail_server, "554 5.7.1 no", "Cy")
        call_off_and_restore(event, staff, clocks)
        assert mails("Cy")[:2] == [("waiting", *REFUSED), ("promoted", "failed", "refused")]
        assert anew() == [("confirmation", "ana", {})]

    def test_who_left_meanwhile_is_asked_nothing(self, event, staff, clocks):
        call_off_unheard(event, staff, clocks)
        for name in ("Ana", "Cy"):
            cancel(registration_id=of(event, name).pk)
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 1
        assert anew() == [("confirmation", "bo", {})]

    def test_who_gets_a_seat_by_the_restoration_reads_of_that_alone(self, event, staff, clocks, mail_server):
        call_off_unheard(event, staff, clocks)
        cancel(registration_id=of(event, "Bo").pk)
        restore_event(event_id=event.pk, by=staff, reason="x")
        told(clocks)
        deliver_all()
        assert arrived(mail_server) == ["cancelled bo", "confirmation ana", "promoted cy"]

    def test_who_has_another_date_by_then_reads_of_that_alone(self, event, page, staff, clocks, mail_server):
        call_off_unheard(event, staff, clocks)
        restore_event(event_id=event.pk, by=staff, reason="x")
        move(page, days=1)
        assert told(clocks) == 3
        deliver_all()
        assert arrived(mail_server) == ["moved ana", "moved bo", "moved cy"]

    def test_a_second_one_asks_once_more(self, event, staff, clocks, mail_server):
        call_off_and_restore(event, staff, clocks)
        Message.objects.filter(state="queued").update(due_at=clock.now().replace(year=2027))
        cancel_event(event_id=event.pk, by=staff, reason="x")
        told(clocks)
        Message.objects.filter(key__endswith=":anew").update(due_at=clock.now(), gives_way=False)
        try_again()
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 3
        assert [state for _kind, state, _why in mails("Ana")] == ["cancelled"] * 4 + ["queued"]
        deliver_all()
        assert arrived(mail_server) == ALL_ONCE

    def test_a_second_one_asks_nothing_of_whom_the_first_has_reached(self, event, staff, clocks, mail_server):
        call_off_and_restore(event, staff, clocks)
        deliver_all()
        assert call_off_and_restore(event, staff, clocks) == 0
        assert arrived(mail_server) == ALL_ONCE

    def test_nor_of_whom_a_new_date_has_reached(self, event, page, staff, clocks, mail_server):
        call_off_unheard(event, staff, clocks)
        restore_event(event_id=event.pk, by=staff, reason="x")
        move(page, days=1)
        told(clocks)
        deliver_all()
        assert call_off_and_restore(event, staff, clocks) == 0

    def test_what_was_withdrawn_for_another_reason_stays_so(self, event, staff, clocks):
        withdraw(keys=list(Message.objects.filter(to_address__startswith="ana").values_list("key", flat=True)))
        assert call_off_and_restore(event, staff, clocks) == 2
        assert [whom for _kind, whom, _params in anew()] == ["bo", "cy"]

    def test_while_it_is_called_off_nothing_is_asked_for(self, event, staff, clocks, mail_server):
        call_off_unheard(event, staff, clocks)
        deliver_all()
        assert arrived(mail_server) == ["called-off ana", "called-off bo", "called-off cy"]
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 3
        cancel_event(event_id=event.pk, by=staff, reason="x")
        # They know, and what takes it back is withdrawn.
        assert (told(clocks), anew()) == (0, [])

    def test_an_address_that_takes_no_mail_keeps_it_from_nobody_else(self, event, staff, clocks):
        call_off_unheard(event, staff, clocks)
        ana = make.applicant("Ana").email
        Registration.objects.filter(name="Ana").update(email="not an address")
        Message.objects.filter(to_address=ana).update(to_address="not an address")
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 2
        assert [whom for _kind, whom, _params in anew()] == ["bo", "cy"]
        assert Event.objects.get().versions.untold().count() == 0

    def test_many_are_asked_behind_mail_to_one_and_not_all_at_once(self, event, staff, clocks, monkeypatch):
        monkeypatch.setattr(pacing, "DUE_PER_SECOND", 2)
        monkeypatch.setattr(announcing, "PORTION", 2)
        assert call_off_and_restore(event, staff, clocks) == 3
        found = Message.objects.filter(key__endswith=":anew").order_by("pk")
        seconds = [(one.due_at - clock.now()).total_seconds() for one in found]
        assert (seconds, {one.gives_way for one in found}) == ([0, 0, 1], {True})


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.usefixtures("event")
def test_looking_for_it_costs_two_statements_however_many_miss_something(
    staff, clocks, django_assert_num_queries, monkeypatch, number
):
    Registration.objects.exclude(name__in=["Ana", "Bo", "Cy"][:number]).delete()
    looked = []

    def counting(people):
        with django_assert_num_queries(2):
            looked.append(unsaid(people))
        return looked[-1]

    unsaid = announcing.unsaid
    monkeypatch.setattr(announcing, "unsaid", counting)
    call_off_and_restore(Event.objects.get(), staff, clocks)
    assert [len(found) for found in looked] == [number]


class TestASeatFromTheWaitingList:
    """Cy knows of his place; Bo's seat is his, and the mail that says so is put off."""

    @pytest.fixture(autouse=True)
    def seated(self, event, mail_server) -> None:
        deliver_all()
        cancel(registration_id=of(event, "Bo").pk)
        put_off(mail_server, "Cy")
        mail_server.accepted.clear()

    def test_a_new_date_beside_it_is_told_in_the_same_mail(self, event, page, staff, clocks, mail_server):
        call_off_unheard(event, staff, clocks)
        restore_event(event_id=event.pk, by=staff, reason="x")
        move(page, days=1)
        assert told(clocks) == 2
        assert anew() == [("promoted", "cy", {"since": 0})]
        content = last("promoted", "cy")
        assert (content.subject, entry(content)[0]) == ("You have a seat now: Budget", "REQUEST")
        assert "The event has a new date or time." in content.text
        deliver_all()
        assert arrived(mail_server) == ["moved ana", "promoted cy"]

    def test_who_heard_the_call_off_reads_of_the_seat_and_that_it_takes_place(self, event, staff, clocks, mail_server):
        call_off_unheard(event, staff, clocks)
        deliver_all()
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 2
        assert anew() == [("promoted", "cy", {"since": 1, "before": 0})]
        assert "The event was cancelled, but takes place after all." in last("promoted", "cy").text
        deliver_all()
        assert arrived(mail_server) == ["called-off ana", "called-off cy", "promoted cy", "restored ana"]

    def test_a_date_that_only_the_refused_mail_would_have_said_was_never_known(
        self, event, page, staff, clocks, mail_server
    ):
        move(page, days=1)
        told(clocks)
        deliver_all()
        call_off_unheard(event, staff, clocks)
        restore_event(event_id=event.pk, by=staff, reason="x")
        move(page, days=-1)
        told(clocks)
        assert "Before" not in last("promoted", "cy").text

    def test_a_date_that_the_call_off_did_not_name_is_told_with_the_seat(self, event, page, staff, clocks, mail_server):
        move(page, days=1)
        call_off_unheard(event, staff, clocks)
        deliver_all()
        restore_event(event_id=event.pk, by=staff, reason="x")
        told(clocks)
        text = last("promoted", "cy").text
        assert "The event was cancelled, but takes place after all. The event has a new date or time." in text
        assert (text.count("Before"), text.count("12 December"), text.count("13 December") > 0) == (1, 2, True)

    def test_called_off_again_before_they_read_of_the_seat_they_hear_nothing_twice(
        self, event, staff, clocks, mail_server
    ):
        call_off_unheard(event, staff, clocks)
        deliver_all()
        restore_event(event_id=event.pk, by=staff, reason="x")
        told(clocks)
        cancel_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 0
        deliver_all()
        assert arrived(mail_server) == ["called-off ana", "called-off cy"]
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert told(clocks) == 2
        deliver_all()
        assert arrived(mail_server) == ["called-off ana", "called-off cy", "promoted cy", "restored ana"]

    def test_moved_again_before_they_read_of_the_seat_one_mail_says_it_all(
        self, event, page, staff, clocks, mail_server
    ):
        call_off_unheard(event, staff, clocks)
        restore_event(event_id=event.pk, by=staff, reason="x")
        move(page, days=1)
        told(clocks)
        move(page, days=1)
        assert told(clocks) == 2
        assert anew("Cy")[-1] == ("promoted", "cy", {"since": 0})
        deliver_all()
        assert arrived(mail_server) == ["moved ana", "promoted cy"]

    def test_a_row_of_an_earlier_release_keeps_the_news_from_nobody(self, event, page, staff, clocks, mail_server):
        seat = Message.objects.get(kind="event-promoted")
        Message.objects.filter(pk=seat.pk).update(params={"registration": seat.params["registration"]})
        call_off_unheard(event, staff, clocks)
        restore_event(event_id=event.pk, by=staff, reason="x")
        for _time in range(2):
            move(page, days=1)
            assert told(clocks) == 2
        deliver_all()
        assert "moved ana" in arrived(mail_server)
        assert "promoted cy" in arrived(mail_server)


class TestADateInThePastByMistake:
    """Nobody is told of it, so what waits leaves as its readers were told."""

    @pytest.mark.parametrize("ends", ["at once", "told", "swept"])
    def test_it_costs_nobody_their_invitation(self, page, clocks, mail_server, ends):
        put_off(mail_server, "Ana", "Bo", "Cy")
        move(page, days=-365)
        if ends != "at once":
            assert told(clocks) == 0
        if ends == "swept":
            sweep_mail()
        try_again()
        assert arrived(mail_server) == ALL_ONCE
        assert entry(last("confirmation", "ana"))[1]["dtstart"].dt.year == 2026
        move(page, days=365)
        assert told(clocks) == 0

    def test_nor_the_word_of_a_new_date(self, page, clocks, mail_server):
        deliver_all()
        move(page, days=1)
        told(clocks)
        put_off(mail_server, "Ana", "Bo", "Cy")
        move(page, days=-365)
        try_again()
        assert arrived(mail_server) == sorted([*ALL_ONCE, "moved ana", "moved bo", "moved cy"])

    def test_nor_of_a_call_off_and_its_undoing(self, event, page, staff, clocks, mail_server):
        deliver_all()
        for verb, kind in ((cancel_event, "called-off"), (restore_event, "restored")):
            mail_server.accepted.clear()
            verb(event_id=event.pk, by=staff, reason="x")
            told(clocks)
            put_off(mail_server, "Ana", "Bo", "Cy")
            move(page, days=-365)
            try_again()
            assert arrived(mail_server) == [f"{kind} {name}" for name in ("ana", "bo", "cy")]
            move(page, days=365)
            told(clocks)

    def test_nor_of_a_registration_that_ended(self, event, page, mail_server):
        deliver_all()
        cancel(registration_id=of(event, "Ana").pk)
        put_off(mail_server, "Ana")
        move(page, days=-365)
        try_again()
        assert "cancelled ana" in arrived(mail_server)

    def test_nor_where_the_date_that_was_told_alone_has_passed(self, event, page, staff, clocks, mail_server):
        # Who knows that an event is called off is not told of its new date, and can leave it for good until then.
        deliver_all()
        cancel_event(event_id=event.pk, by=staff, reason="x")
        told(clocks)
        deliver_all()
        known = Event.objects.get().ends_at
        move(page, days=30)
        told(clocks)
        clocks.move_to(known)
        cancel(registration_id=of(event, "Ana").pk)
        put_off(mail_server, "Ana")
        sweep_mail()
        try_again()
        assert "cancelled ana" in arrived(mail_server)
        assert kinds.expiries(Message.objects.filter(kind="event-cancelled")) == {
            Message.objects.get(kind="event-cancelled").pk: Event.objects.get().ends_at
        }

    def test_what_may_have_arrived_is_repeated_as_long_as_the_date_that_was_told_lies_ahead(self, page, mail_server):
        put_off(mail_server, "Ana", "Bo", "Cy")
        Message.objects.update(repeats=1, started_at=clock.now())
        move(page, days=-365)
        try_again()
        assert arrived(mail_server) == ALL_ONCE

    def test_after_the_date_that_was_told_nothing_leaves(self, event, clocks, mail_server):
        put_off(mail_server, "Ana", "Bo", "Cy")
        Message.objects.update(expires_at=event.ends_at.replace(year=2027))
        clocks.move_to(event.ends_at)
        try_again()
        assert arrived(mail_server) == []
