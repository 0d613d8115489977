"""Erasing while mail is on its way, twice at once, and by two administrators of each other; each with a control."""

import threading
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from accounts import services
from accounts.enums import Channel
from accounts.errors import LastAdministrator, NobodyFound
from accounts.models import ConsentRecord, DataRequest, User
from accounts.services import ending, rights
from accounts.services import erasing as account_erasing
from core import clock, personal
from core.personal import Subject
from core.services import purging
from events.errors import AccountEnding
from events.models import Event, Registration
from events.querysets import RegistrationQuerySet
from events.services import claim_registrations, erasing, send_message, write_message
from mail.addresses import ERASED
from mail.enums import Outcome
from mail.models import Message, Suppression, SuppressionChange
from mail.services import delivery, ledger, mailings, suppressed, suppressing, sweeping
from mail.services.writing import Desk
from mail.transport import Answer, Connection
from newsletter.services import rowlock
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import ask, deliver_all
from tests.races.meeting import Later, meet, meet_before
from tests.services.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "ana.silva@example.org"


def erase() -> DataRequest:
    return services.erase(subject=Subject(None, (ADDRESS,)), channel=Channel.LINK)


def row() -> tuple[str, str, str, str]:
    return Message.objects.values_list("state", "reason", "to_address", "text").get()


def test_what_a_worker_has_taken_but_not_begun_never_leaves(mail_server: MailServer) -> None:
    ask(to=ADDRESS)
    lease = ledger.lease(stream="transactional", limit=1)
    erase()
    delivery._work_through(lease)
    assert (mail_server.accepted, row()) == ([], ("cancelled", "withdrawn", ERASED, ""))


def test_what_is_on_the_wire_arrives_once_and_is_forgotten_with_its_answer(mail_server, monkeypatch) -> None:
    ask(to=ADDRESS)
    hand_over = Connection.hand_over

    def erased_meanwhile(self, letters):
        erase()
        return [Answer(Outcome.ACCEPTED, 250, f"OK <{ADDRESS}>") for _one in hand_over(self, letters)]

    monkeypatch.setattr(Connection, "hand_over", erased_meanwhile)
    deliver_all()
    assert mail_server.recipients() == {ADDRESS: 1}
    assert (row(), Message.objects.get().last_reply) == (("accepted", "", ERASED, ""), f"OK <{ADDRESS}>")
    purging.purge()
    message = Message.objects.get()
    assert (message.last_reply, message.tries.get().reply) == ("", "")


def test_what_is_on_the_wire_and_bounces_names_nobody_any_more(mail_server, monkeypatch) -> None:
    ask(to=ADDRESS)
    hand_over = Connection.hand_over
    mail_server.refuse(ADDRESS, f"550 5.1.1 <{ADDRESS}> unknown")

    def erased_meanwhile(self, letters):
        answers = hand_over(self, letters)
        erase()
        return answers

    monkeypatch.setattr(Connection, "hand_over", erased_meanwhile)
    deliver_all()
    assert suppressed(addresses=[ADDRESS], stream="transactional") == {ADDRESS}
    assert list(Suppression.objects.values_list("address", "note")) == [("", "")]
    assert list(SuppressionChange.objects.values_list("note")) == [("",)]


def names_after_erasure_and_bounce(at_once, monkeypatch) -> set[tuple[str, str]]:
    """Erase somebody while the answer to their mail is written down, between looking and writing."""
    ask(to=ADDRESS)
    meet_before(monkeypatch, suppressing, "_put_on")
    bounce = partial(suppressing.suppress_bounced, address=ADDRESS, words=f"550 5.1.1 <{ADDRESS}>")
    assert [type(one) for one in at_once([Later(erase), bounce])] == [DataRequest, type(None)]
    return set(Suppression.objects.values_list("address", "note"))


def test_an_erasure_and_a_bounce_at_once_leave_no_name(at_once, monkeypatch) -> None:
    assert names_after_erasure_and_bounce(at_once, monkeypatch) == {("", "")}
    assert set(SuppressionChange.objects.values_list("note", flat=True)) == {""}


def test_without_the_lock_the_bounce_would_bring_the_name_back(at_once, monkeypatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **kwargs: rows)
    assert names_after_erasure_and_bounce(at_once, monkeypatch) != {("", "")}


def test_what_a_killed_worker_had_begun_is_not_repeated(mail_server: MailServer, settings) -> None:
    ask(to=ADDRESS)
    lease = ledger.lease(stream="transactional", limit=1)
    ledger.turn(lease=lease, closing=[], opening=[one.opening for one in Desk(lease).next_group(1)])
    erase()
    Message.objects.update(leased_until=clock.now())
    sweeping.sweep()
    deliver_all()
    assert (mail_server.accepted, row()) == ([], ("unknown", "suppressed", ERASED, ""))


@pytest.mark.rounds(40)
def test_two_erasures_at_once_are_one(at_once) -> None:
    event = make.bare_event(capacity=1)
    make.registered(event)
    next_one = make.registered(event, "Bo")
    answers = at_once([erase, erase])
    done = [one for one in answers if isinstance(one, DataRequest)]
    assert (len(done), [type(one) for one in answers if one not in done]) == (1, [NobodyFound])
    assert DataRequest.objects.count() == 1
    assert sorted(Registration.objects.values_list("name", "state")) == [("Bo", "confirmed"), ("–", "cancelled")]
    assert next_one.changes.count() == 2


def erase_both(at_once, monkeypatch) -> int:
    """Erase somebody twice at once, meeting between finding and forgetting; return how many claim to have done it."""
    registration = make.registered(make.bare_event())
    over = clock.now() - timedelta(hours=1)
    Event.objects.filter(pk=registration.event_id).update(starts_at=over - timedelta(hours=1), ends_at=over)
    # Erasures also wait for each other over the newsletter's campaigns, which is not what is looked at here.
    monkeypatch.setattr(rowlock, "before_erasing", lambda: None)
    meet_before(monkeypatch, erasing, "forget_people")
    return sum(isinstance(one, DataRequest) for one in at_once([erase, erase]))


def test_what_was_found_is_locked_until_it_is_forgotten(at_once, monkeypatch) -> None:
    assert erase_both(at_once, monkeypatch) == 1


def test_without_the_lock_both_would_claim_the_erasure(at_once, monkeypatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **kwargs: rows)
    assert erase_both(at_once, monkeypatch) == 2


@pytest.mark.rounds(40)
def test_who_registers_while_being_erased_leaves_no_name_and_no_deadlock(at_once) -> None:
    person = PersonFactory(email=ADDRESS)
    first, second = make.bare_event(), make.bare_event()
    make.registered(first, email=ADDRESS, person=person)
    subject = services.subject_of(person)
    calls = [
        lambda: services.erase(subject=subject, channel=Channel.SELF),
        lambda: make.registered(second, email=ADDRESS, person=person),
    ]
    answers = at_once(calls)
    assert isinstance(answers[0], DataRequest)
    # Whoever comes too late finds no account to register with.
    assert isinstance(answers[1], Registration | AccountEnding)
    assert set(Registration.objects.values_list("name", flat=True)) == {"–"}


def registered_while_being_ended(at_once, monkeypatch) -> type:
    """Register somebody while their account is being ended, before any app is looked through; return what they got."""
    person, event = PersonFactory(email=ADDRESS), make.bare_event()
    meet_before(monkeypatch, rights, "_refuse_last_administrator")
    calls = [
        lambda: services.erase(subject=services.subject_of(person), channel=Channel.SELF),
        Later(lambda: make.registered(event, email=ADDRESS, person=person)),
    ]
    done, answer = at_once(calls)
    assert isinstance(done, DataRequest)
    assert not Registration.objects.exclude(name="–").exists()
    return type(answer)


def test_nobody_registers_with_an_account_that_is_being_ended(at_once, monkeypatch) -> None:
    assert registered_while_being_ended(at_once, monkeypatch) is AccountEnding
    assert not Registration.objects.exists()


def test_control_without_the_lock_they_would_and_be_cancelled_at_once(at_once, monkeypatch) -> None:
    monkeypatch.setattr(ending, "before_ending", lambda **of: None)
    assert registered_while_being_ended(at_once, monkeypatch) is Registration
    assert Registration.objects.get().state == "cancelled"


def registered_between_the_looks(at_once, monkeypatch) -> tuple[str, str]:
    """Erase a guest who registers once more while a first seat is given back; return name and state of the last."""
    first, second = make.bare_event(), make.bare_event(capacity=1)
    make.registered(first, email=ADDRESS)

    def slowly(**of):
        done = cancel(**of)
        if of["registration_id"] == earlier:
            at_once([lambda: make.registered(second, email=ADDRESS)])
        return done

    earlier, cancel = Registration.objects.get().pk, erasing.cancel
    monkeypatch.setattr(erasing, "cancel", slowly)
    erase()
    return Registration.objects.filter(event=second).values_list("name", "state").get()


def test_a_seat_that_is_taken_while_its_person_is_erased_is_given_back(at_once, monkeypatch) -> None:
    assert registered_between_the_looks(at_once, monkeypatch) == ("–", "cancelled")


def test_control_forgotten_at_once_the_seat_would_be_nobodys_for_ever(at_once, monkeypatch) -> None:
    monkeypatch.setattr(erasing, "_without_seats", lambda found: found)
    assert registered_between_the_looks(at_once, monkeypatch) == ("–", "confirmed")


def written_to_while_being_erased(at_once, monkeypatch) -> list[type[Exception]]:
    """Erase somebody between the reading of who was at an event and the writing of a mail to them; return what failed."""
    person = PersonFactory(email=ADDRESS)
    event = make.registered(make.bare_event(), email=ADDRESS, person=person).event
    over = clock.now() - timedelta(hours=1)
    Event.objects.filter(pk=event.pk).update(starts_at=over - timedelta(hours=1), ends_at=over)
    words = {"en": {"subject": "Thank you", "text": "It was good."}}
    kept = write_message(event_id=event.pk, audience="confirmed", words=words)
    subject = services.subject_of(person)
    meet_before(monkeypatch, mailings, "enqueue_many")
    calls = [
        lambda: send_message(message_id=kept.pk),
        Later(lambda: services.erase(subject=subject, channel=Channel.SELF)),
    ]
    return [type(one) for one in at_once(calls) if isinstance(one, Exception)]


def test_who_is_erased_while_staff_write_to_them_stands_in_no_mail(at_once, monkeypatch) -> None:
    assert written_to_while_being_erased(at_once, monkeypatch) == []
    assert list(Message.objects.filter(kind="event-message").values_list("to_address", "person")) == [(ERASED, None)]


def test_without_the_lock_the_mail_would_name_an_account_that_is_gone(at_once, monkeypatch) -> None:
    monkeypatch.setattr(RegistrationQuerySet, "select_for_update", lambda rows, **kwargs: rows)
    assert written_to_while_being_erased(at_once, monkeypatch) == [IntegrityError]


def claimed_while_being_erased(at_once, monkeypatch) -> bool:
    """Show an address to be somebody's while their account is being ended; return whether they got what it had."""
    person = PersonFactory()
    guest = make.registered(make.bare_event(), email=ADDRESS)
    meet_before(monkeypatch, rights, "_refuse_last_administrator")
    calls = [
        lambda: services.erase(subject=services.subject_of(person), channel=Channel.SELF),
        Later(lambda: claim_registrations(person=person, address=ADDRESS)),
    ]
    at_once(calls)
    return guest.changes.filter(what="claimed").exists()


def test_nothing_is_linked_to_an_account_that_is_being_ended(at_once, monkeypatch) -> None:
    assert not claimed_while_being_erased(at_once, monkeypatch)


def test_without_the_lock_it_would_be_and_have_to_be_taken_out_again(at_once, monkeypatch) -> None:
    monkeypatch.setattr(ending, "before_ending", lambda **of: None)
    assert claimed_while_being_erased(at_once, monkeypatch)


def old_messages(number: int) -> personal.Rule:
    for _number in range(number):
        ask()
    Message.objects.update(state="cancelled", reason="withdrawn", finished_at=clock.now() - timedelta(days=100))
    return personal.get("messages").rules[0]


@pytest.mark.rounds(40)
def test_two_purges_at_once_share_the_work(at_once, monkeypatch) -> None:
    monkeypatch.setattr(purging, "BATCH", 5)
    rule, now = old_messages(20), clock.now()
    counts = at_once([lambda: purging._forget(rule, now)] * 2)
    assert (sum(counts), Message.objects.filter(blanked_at=None).count()) == (20, 0)


@pytest.mark.parametrize("moment", ["SELECT", "DELETE"])
def test_a_consent_given_while_the_old_ones_are_deleted_stands(moment) -> None:
    def decide(*, given: bool) -> ConsentRecord:
        wording = services.Wording(text="Send me news.", version="1", language="en")
        return services.record_consent(purpose="news", wording=wording, channel="/", email=ADDRESS, given=given)

    with time_machine.travel(clock.now() - timedelta(days=3000), tick=False):
        old = decide(given=False)
    asked: list[str] = []

    def meanwhile(execute, sql, *args):
        # In a thread, so on a connection of its own: committed just before the statement runs.
        if sql.startswith(moment) and ConsentRecord._meta.db_table in sql and not asked:
            asked.append(sql)
            giving = threading.Thread(target=lambda: (decide(given=True), connection.close()))
            giving.start()
            giving.join()
        return execute(sql, *args)

    with connection.execute_wrapper(meanwhile):
        account_erasing.delete_consents([old.pk])
    assert len(asked) == 1
    assert ConsentRecord.objects.about(ADDRESS).for_purpose("news").stands()


def delete_both(at_once) -> list:
    """Let two administrators delete each other at the same moment; return who refused."""
    pair = [PersonFactory(admin=True), PersonFactory(admin=True)]
    subjects = [services.subject_of(one) for one in pair]
    return at_once([lambda one=one: services.erase(subject=one, channel=Channel.STAFF) for one in subjects])


def test_two_administrators_cannot_both_vanish(at_once) -> None:
    answers = delete_both(at_once)
    assert sorted(type(one).__name__ for one in answers) == ["DataRequest", "LastAdministrator"]
    assert User.objects.filter(is_superuser=True).count() == 1


def test_without_the_lock_both_would_vanish(at_once, monkeypatch) -> None:
    def unlocked(subject: Subject) -> None:
        keys = set(User.objects.filter(is_superuser=True, is_active=True).values_list("pk", flat=True))
        meet()
        if keys == {subject.person_id}:
            raise LastAdministrator

    monkeypatch.setattr(rights, "_refuse_last_administrator", unlocked)
    delete_both(at_once)
    assert User.objects.filter(is_superuser=True).count() == 0
