"""What a worker has written while it hands over the mail before, and what becomes of it when its reason changes."""

from collections.abc import Callable, Generator
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.db import connection

from events.models import Event, Registration, WebinarPage
from events.services import announce_changes, announcing, cancel, notices
from mail.models import Message
from tests.events.changing import NOW, move, webinar
from tests.factories import events as make
from tests.factories.mail import deliver_all
from tests.services.smtpscript import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)


def sent_to_second(server: ScriptedServer, meanwhile: Callable[[], object]) -> list[tuple[str, str]]:
    """Do something while the first mail is handed over and the second one written; return what the second reader read."""

    def interrupt(recipient: str) -> None:
        server.on_data = None
        meanwhile()
        connection.close()

    for name in ("Bo", "Ana"):
        make.registered(Event.objects.get(), name)
    server.on_data = interrupt
    deliver_all()
    address = Registration.objects.get(name="Ana").email
    kinds = dict(Message.objects.values_list("message_id", "kind"))
    return [(kinds[message_id], _words(content)) for to, message_id, content in server.accepted if to == address]


def _words(content: bytes) -> str:
    return message_from_bytes(content, policy=policy.default).get_body(("plain",)).get_content()


def cancel_second() -> None:
    cancel(registration_id=Registration.objects.get(name="Ana").pk)


@pytest.fixture
def server(scripted: Callable[..., ScriptedServer]) -> Generator[ScriptedServer]:
    """Return the server, on a day of its own, with an event some weeks ahead."""
    with time_machine.travel(NOW):
        webinar()
        yield scripted()


def test_who_cancels_is_not_told_afterwards_that_they_are_registered(server: ScriptedServer) -> None:
    assert [kind for kind, _content in sent_to_second(server, cancel_second)] == ["event-cancelled"]


def test_control_taking_back_what_waits_alone_lets_the_confirmation_leave(server: ScriptedServer, monkeypatch) -> None:
    all_unbegun = notices._unbegun
    monkeypatch.setattr(notices, "_unbegun", lambda people: all_unbegun(people).waiting())
    found = [kind for kind, _content in sent_to_second(server, cancel_second)]
    assert sorted(found) == ["event-cancelled", "event-confirmation"]


def move_and_tell() -> None:
    move(WebinarPage.objects.get(), days=2)
    announce_changes()


def test_what_is_told_while_a_mail_is_written_stands_in_it(server: ScriptedServer, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "undo_window", timedelta)
    (kind, confirmation), *_news = sent_to_second(server, move_and_tell)
    assert (kind, "14 December" in confirmation, "12 December" in confirmation) == ("event-confirmation", True, False)


def test_control_what_is_not_recalled_says_what_is_no_longer_so(server: ScriptedServer, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "undo_window", timedelta)
    monkeypatch.setattr(notices, "recall", lambda messages: 0)
    (kind, confirmation), *_news = sent_to_second(server, move_and_tell)
    assert (kind, "14 December" in confirmation, "12 December" in confirmation) == ("event-confirmation", False, True)
