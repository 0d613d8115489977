"""Some orders of verbs that matter, workers killed in the window among them, each checked against the model."""

from collections import Counter
from collections.abc import Generator
from datetime import timedelta

import pytest

from events.services import announcing
from mail import rules
from mail.services import sweeping
from tests.events.event_machine import EventMachine
from tests.services.mailserver import MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


@pytest.fixture
def machine(mail_server: MailServer) -> Generator[EventMachine]:
    """Return a machine that leaves nothing behind, however the test ends."""
    EventMachine.server = mail_server
    found = EventMachine()
    yield found
    found.undo()


def test_news_that_a_killed_worker_may_have_sent_counts_as_heard(machine: EventMachine) -> None:
    """Somebody whose calendar has been told of a call-off must be told of its undoing, too."""
    machine.sends()
    machine.calls_off_or_restores(True)
    machine.time_passes(200)
    machine.announces()
    machine.a_worker_is_killed_with_mail_on_the_wire("transactional", True)
    machine.calls_off_or_restores(False)
    machine.what_it_held_comes_back()
    machine.announces()
    machine.teardown()
    kinds = Counter(key.partition(":")[0] for key in machine.model.asked)
    assert (kinds["event-called-off"], kinds["event-restored"]) == (4, 1)


def test_reminders_of_a_killed_worker_are_unknown_and_leave_no_second_time(
    machine: EventMachine, mail_server: MailServer
) -> None:
    machine.sends()
    machine.its_reminder_falls_due(False)
    machine.a_worker_is_killed_with_mail_on_the_wire("bulk", True)
    machine.what_it_held_comes_back()
    machine.unknown_is_what_must_not_be_sent_again()
    machine.teardown()
    assert len(machine.model.unknown) == 2
    sent = Counter(one.message_id for one in mail_server.accepted)
    assert set(sent.values()) == {1}


def test_control_a_sweep_that_repeats_mail_to_many_is_found(machine: EventMachine, monkeypatch) -> None:
    forgetful = sweeping._SETTLE.replace("stream = 'transactional' AND ", "")
    assert forgetful != sweeping._SETTLE
    monkeypatch.setattr(sweeping, "_SETTLE", forgetful)
    # The second bolt on the same door: what may have left is not begun again where nobody would know it.
    monkeypatch.setattr(rules, "is_timed_repeat", lambda message: False)
    machine.its_reminder_falls_due(False)
    machine.a_worker_is_killed_with_mail_on_the_wire("bulk", True)
    with pytest.raises(AssertionError):
        machine.teardown()


def test_control_a_service_that_tells_before_a_change_can_be_undone_is_found(
    machine: EventMachine, monkeypatch
) -> None:
    monkeypatch.setattr(announcing, "undo_window", timedelta)
    machine.calls_off_or_restores(True)
    machine.announces()
    machine.calls_off_or_restores(False)
    with pytest.raises(AssertionError):
        machine.teardown()


def undo_after_new_links(machine: EventMachine) -> None:
    """Move the event, have its news put off, let Ana learn of it from her new links alone, and put it back."""
    machine.sends()
    machine.moves(1, "Europe/Brussels")
    machine.time_passes(200)
    machine.announces()
    machine.sends_while_somebodys_server_puts_mail_off("Ana")
    machine.renews_links("Ana")
    machine.sends()
    machine.moves(0, "Europe/Brussels")
    machine.time_passes(200)


def test_news_that_another_mail_has_said_counts_as_heard(machine: EventMachine) -> None:
    undo_after_new_links(machine)
    machine.teardown()


def test_control_news_that_only_its_own_mail_can_say_misleads_somebody(machine: EventMachine, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "_heard_otherwise", lambda people, asked: set())
    undo_after_new_links(machine)
    with pytest.raises(AssertionError):
        machine.teardown()


def restore_unheard(machine: EventMachine) -> None:
    """Call the event off while no mail leaves, have older mail refused for it, and restore it before anybody hears."""
    machine.calls_off_or_restores(True)
    machine.what_it_held_comes_back()
    machine.announces()
    machine.calls_off_or_restores(False)
    machine.a_worker_is_killed_with_mail_on_the_wire("transactional", False)
    machine.nothing_is_refused_that_makes_sense()
    machine.announces()


def test_who_heard_of_nothing_gets_what_was_refused_for_a_call_off_taken_back(machine: EventMachine) -> None:
    restore_unheard(machine)
    machine.teardown()
    anew = [key.partition(":")[0] for key in machine.model.asked if key.endswith(":anew")]
    assert Counter(anew) == {"event-confirmation": 1, "event-waiting": 2}


def test_control_a_service_that_lets_it_rest_leaves_them_without_a_word(machine: EventMachine, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "unsaid", lambda people: {})
    monkeypatch.setattr(machine.model, "_unsaid", lambda guest, now: {})
    restore_unheard(machine)
    with pytest.raises(AssertionError):
        machine.teardown()
    assert [one.name for one in machine.model.guests if machine.knows_nothing(one)] == ["Bo", "Cy", "Di"]
