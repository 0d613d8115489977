"""A message of which an attempt got no answer never ends as if nothing of it could have arrived."""

import importlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings

from core import clock
from core.personal import Subject
from mail.enums import SuppressionReason
from mail.models import Message
from mail.services import enqueue, hold_after_restore, mailings, suppress, sweeping, withdraw
from mail.services.asking_many import Asked
from mail.services.erasing import erase_messages
from tests.factories.mail import ask, deliver_all
from tests.services.mailserver import MailServer

pytestmark = pytest.mark.django_db
ADDRESS = "ana@city.example"


def repeated(message: Message, **fields) -> Message:
    """Let a message wait to be sent once more, since nobody knows what became of its first attempt."""
    now = clock.now()
    tried = {"attempts": 1, "repeats": 1, "first_tried_at": now, "started_at": now, "reason": "no_answer"}
    Message.objects.filter(pk=message.pk).update(state="deferred", due_at=now, **{**tried, **fields})
    return message


def end(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    assert message.finished_at is not None
    return message.state, message.reason


def gives_up(mail_server: MailServer) -> None:
    mail_server.refuse(ADDRESS, "450 4.2.0 Later")
    long_ago = clock.now() - timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1)
    Message.objects.update(first_tried_at=long_ago)
    deliver_all()


def is_refused(mail_server: MailServer) -> None:
    mail_server.refuse(ADDRESS, "550 5.7.1 Not from you")
    deliver_all()


def expires(mail_server: MailServer) -> None:
    Message.objects.update(expires_at=clock.now())
    assert sweeping.sweep().expired == 1


def expires_in_hand(mail_server: MailServer) -> None:
    Message.objects.update(expires_at=clock.now())
    deliver_all()


def is_suppressed(mail_server: MailServer) -> None:
    suppress(address=ADDRESS, reason=SuppressionReason.STAFF)
    deliver_all()


def is_withdrawn(mail_server: MailServer) -> None:
    assert withdraw(keys=list(Message.objects.values_list("key", flat=True))) == 1


def is_erased(mail_server: MailServer) -> None:
    assert erase_messages(subject=Subject(None, (ADDRESS,))) == 1


def is_held(mail_server: MailServer) -> None:
    assert hold_after_restore() == 1


ENDS = [
    (gives_up, "failed", "gave_up"),
    (is_refused, "failed", "refused"),
    (expires, "cancelled", "expired"),
    (expires_in_hand, "cancelled", "expired"),
    (is_suppressed, "suppressed", "suppressed"),
    (is_withdrawn, "cancelled", "withdrawn"),
    (is_erased, "cancelled", "withdrawn"),
    (is_held, "cancelled", "withdrawn"),
]


@pytest.mark.parametrize("repeats", [1, 0])
@pytest.mark.parametrize(("ending", "state", "reason"), ENDS, ids=[ending.__name__ for ending, *_ in ENDS])
def test_what_may_have_arrived_the_first_time_ends_unknown_and_anything_else_as_what_it_was(
    mail_server: MailServer, ending: Callable, state: str, reason: str, repeats: int
) -> None:
    message = repeated(ask(to=ADDRESS), repeats=repeats)
    ending(mail_server)
    assert end(message) == ("unknown" if repeats else state, reason)


@pytest.mark.parametrize("repeats", [1, 0])
def test_what_is_taken_back_as_one_may_have_arrived_in_part(notice: str, repeats: int) -> None:
    asked = [Asked(key="k", to=ADDRESS, language="en", params={"number": 1}, due_at=clock.now())]
    mailing = mailings.freeze(kind=notice, title="To many", asked=asked, leaves_at=clock.now())
    message = repeated(Message.objects.get(), repeats=repeats)
    assert mailings.take_back(mailing_id=mailing.pk).withdrawn == 1
    assert end(message) == ("unknown" if repeats else "cancelled", "withdrawn")


@pytest.mark.parametrize("repeats", [1, 0])
def test_what_makes_no_sense_or_cannot_be_written_any_more(notice: str, mail_server, repeats: int) -> None:
    senseless, faulty = (
        repeated(
            enqueue(key=f"k{number}", kind=notice, to=ADDRESS, language="en", params={"number": number}),
            repeats=repeats,
            first_tried_at=clock.now() - timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1),
        )
        for number in (0, 13)
    )
    deliver_all()
    assert (end(senseless), end(faulty)) == (
        ("unknown" if repeats else "cancelled", "senseless"),
        ("unknown" if repeats else "failed", "unrenderable"),
    )


@pytest.mark.parametrize("repeats", [1, 0])
def test_a_server_that_cannot_be_reached_until_time_is_up(settings, repeats: int) -> None:
    settings.MAIL_SERVER = {**settings.MAIL_SERVER, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 1}
    long_ago = clock.now() - timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1)
    message = repeated(ask(to=ADDRESS), repeats=repeats, first_tried_at=long_ago)
    deliver_all()
    assert end(message) == ("unknown" if repeats else "failed", "gave_up")


@pytest.mark.parametrize("repeats", [1, 0])
def test_what_ended_before_the_rule_is_mended_by_its_migration(repeats: int) -> None:
    migration = importlib.import_module("mail.migrations.0006_what_may_have_arrived_is_unknown")
    message = repeated(ask(to=ADDRESS), repeats=repeats)
    Message.objects.filter(pk=message.pk).update(state="failed", reason="gave_up", finished_at=clock.now())
    migration.call_unknown(apps, None)
    assert end(message) == ("unknown" if repeats else "failed", "gave_up")
