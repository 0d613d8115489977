"""A paused mailing: no worker takes it or begins it, everything else goes on, and it counts as nothing that is late."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from core import clock
from mail import diagnoses, explaining, kinds
from mail.enums import State, Stream
from mail.kinds import MailKind, Rendering
from mail.models import Mailing, Message
from mail.services import delivery, ledger, mailings, sweeping
from mail.services.asking_many import Asked
from tests.factories.mail import ask, deliver_all

pytestmark = pytest.mark.django_db
KIND = "test-paused"


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setitem(kinds._registered, KIND, MailKind(KIND, write, "Many", stream=Stream.BULK))


def write(message: Message) -> Rendering:
    return Rendering(subject="Subject", template="mail/notice", context={"paragraphs": ["Hello"]})


def mailing(number: int = 3) -> Mailing:
    now = clock.now() - timedelta(minutes=10)
    asked = [
        Asked(key=f"p:{one}", to=f"p{one}@city.example", language="en", params={"id": one}, due_at=now)
        for one in range(number)
    ]
    return mailings.freeze(kind=KIND, title="News", asked=asked, leaves_at=now)


def states() -> set[str]:
    return set(Message.objects.values_list("state", flat=True))


def test_a_paused_mailing_is_not_taken_and_other_mail_passes_it(mail_server):
    found = mailing()
    mailings.pause(mailing_id=found.pk)
    ask(key="other", to="other@city.example", stream="bulk")
    assert deliver_all("bulk") == 1
    assert list(mail_server.recipients()) == ["other@city.example"]
    assert mailings.books(found) == {State.QUEUED: 3}
    mailings.resume(mailing_id=found.pk)
    assert deliver_all("bulk") == 3
    assert mailings.books(found) == {State.ACCEPTED: 3}


def test_what_a_worker_holds_when_the_pause_comes_is_not_begun_and_goes_back(mail_server):
    found = mailing()
    lease = ledger.lease(stream="bulk", limit=10)
    mailings.pause(mailing_id=found.pk)
    delivery._work_through(lease)
    assert ledger.release(lease=lease) == 3
    assert (mail_server.accepted, mailings.books(found)) == ([], {State.QUEUED: 3})
    assert set(Message.objects.values_list("attempts", flat=True)) == {0}


def test_what_was_put_off_stays_paused_too(mail_server):
    found = mailing(1)
    mail_server.refuse("p0@city.example", "450 4.2.0 Later")
    deliver_all("bulk")
    mailings.pause(mailing_id=found.pk)
    mail_server.answers.clear()
    Message.objects.update(due_at=clock.now() - timedelta(seconds=1))
    assert deliver_all("bulk") == 0
    assert states() == {"deferred"}


@pytest.mark.parametrize(("is_paused", "expected"), [(True, "deferred"), (False, "failed")])
def test_a_pause_takes_nothing_of_the_time_for_trying(mail_server, settings, time_machine, is_paused, expected):
    found = mailing(1)
    mail_server.refuse("p0@city.example", "450 4.2.0 Later")
    deliver_all("bulk")
    tried = Message.objects.get().first_tried_at
    if is_paused:
        mailings.pause(mailing_id=found.pk)
    paused = Mailing.objects.get().paused_at
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1))
    mailings.resume(mailing_id=found.pk)
    moved = Message.objects.get().first_tried_at
    if is_paused:
        assert abs(clock.now() - moved - (paused - tried)) < timedelta(seconds=5)
    else:
        assert moved == tried
    assert deliver_all("bulk") == 1
    assert states() == {expected}


def test_what_was_taken_before_it_was_taken_back_is_not_begun(mail_server):
    found = mailing()
    lease = ledger.lease(stream="bulk", limit=10)
    Mailing.objects.filter(pk=found.pk).update(withdrawn_at=clock.now())
    delivery._work_through(lease)
    assert (mail_server.accepted, states()) == ([], {"leased"})


def test_taking_back_what_is_paused_ends_the_pause():
    found = mailing()
    mailings.pause(mailing_id=found.pk)
    taken = mailings.take_back(mailing_id=found.pk)
    assert (taken.paused_at, taken.withdrawn, states()) == (None, 3, {"cancelled"})
    assert mailings.pause(mailing_id=found.pk).paused_at is None


def test_pausing_and_resuming_twice_changes_nothing():
    found = mailing()
    first = mailings.pause(mailing_id=found.pk)
    assert mailings.pause(mailing_id=found.pk).paused_at == first.paused_at
    for _ in range(2):
        assert mailings.resume(mailing_id=found.pk).paused_at is None


def test_what_is_paused_is_not_late_and_rings_nobody():
    found = mailing()
    assert sweeping.sweep().due == ("bulk",)
    assert [one.level.name for one in diagnoses.waiting()] == ["TROUBLE"]
    mailings.pause(mailing_id=found.pk)
    assert sweeping.sweep().due == ()
    assert [one.level.name for one in diagnoses.waiting()] == ["OK"]


@pytest.mark.parametrize("state", ["queued", "deferred", "leased"])
def test_whatever_has_not_begun_to_leave_is_told_to_wait_for_the_end_of_the_pause(state):
    mailings.pause(mailing_id=mailing(1).pk)
    message = Message.objects.select_related("mailing").get()
    message.state = state
    message.due_at = clock.now() + timedelta(hours=1)
    assert explaining.what_next(message) == "It waits, because what it belongs to is paused."


def test_what_had_begun_to_leave_before_the_pause_is_told_to_be_under_way(time_machine):
    time_machine.move_to(datetime(2026, 12, 12, 14, tzinfo=UTC), tick=False)
    mailings.pause(mailing_id=mailing(1).pk)
    message = Message.objects.select_related("mailing").get()
    message.state, message.started_at = "started", clock.now()
    assert explaining.what_next(message) == "Its hand-over has been under way since 2026-12-12 14:00:00."


def test_the_database_refuses_what_is_paused_and_taken_back():
    found = mailing()
    with pytest.raises(IntegrityError, match="mail_mailing_paused_or_withdrawn"), transaction.atomic():
        Mailing.objects.filter(pk=found.pk).update(paused_at=clock.now(), withdrawn_at=clock.now())
