"""What health tells of mail that waits to be tried again: put off by the receivers, or cut off on its way."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core import clock, health
from core.health import Finding, Level, Section
from mail import diagnoses
from mail.enums import Reason
from mail.models import Mailing, Message
from tests.factories.mail import ask, deliver_all
from tests.mail.test_diagnoses import only
from tests.services.smtpscript import CLOSE, ScriptedServer

pytestmark = pytest.mark.django_db
Start = Callable[..., ScriptedServer]
GREYLISTED = {"RCPT": "450 4.2.0 greylisted <a@city.example>"}


@pytest.fixture
def now(time_machine) -> datetime:
    found = clock.now()
    time_machine.move_to(found, tick=False)
    return found


def tried(number: int, **fields) -> None:
    """Ask for some messages and try them once."""
    for _n in range(number):
        ask(**fields)
    deliver_all(fields.get("stream", "transactional"))


def told(found: list[Finding] | object) -> list[tuple[Level, str]]:
    return [(one.level, one.sentence) for one in list(found)]


def test_the_most_frequent_reply_to_what_was_put_off_is_told(scripted: Start, now: datetime) -> None:
    replies = ["450 4.2.0 greylisted <a@city.example>", "450 4.2.0 greylisted <b@city.example>", "451 4.3.0 busy"]
    scripted(script={"RCPT": replies})
    tried(3)
    finding = only(diagnoses.later())
    assert (finding.level, finding.sentence) == (
        Level.ATTENTION,
        (
            "3 messages, 100% of what should have left, were put off by the receiving servers, the first at"
            f" {now:%Y-%m-%d %H:%M:%S}. Said most, 2 times: \u20684.2.0 greylisted <[address]>\u2069"
        ),
    )
    assert finding.advice == "They are tried again by themselves; look what the words ask for."
    assert finding.url == "/admin/outbox/?state=deferred"


def test_of_replies_that_were_each_heard_once_it_is_said_in_the_singular(scripted: Start, now: datetime) -> None:
    scripted(script={"RCPT": ["450 4.2.0 greylisted", "451 4.3.0 busy"]})
    tried(2)
    sentence = only(diagnoses.later()).sentence
    assert sentence in {
        "2 messages, 100% of what should have left, were put off by the receiving servers, the first at"
        f" {now:%Y-%m-%d %H:%M:%S}. Said most, 1 time: \u2068{reply}\u2069"
        for reply in ("4.2.0 greylisted", "4.3.0 busy")
    }


def test_mail_asked_for_next_week_hides_nothing_that_was_put_off(scripted: Start, now: datetime) -> None:
    scripted(script=GREYLISTED)
    tried(1)
    for _n in range(3):
        ask(due_at=now + timedelta(days=7))
    assert told(diagnoses.later()) == [
        (
            Level.ATTENTION,
            (
                "1 message, 100% of what should have left, was put off by the receiving server, first at"
                f" {now:%Y-%m-%d %H:%M:%S}. It said: \u20684.2.0 greylisted <[address]>\u2069"
            ),
        )
    ]


def test_few_messages_put_off_are_told_where_they_are_more_than_half_of_what_should_have_left(
    scripted: Start, now: datetime
) -> None:
    scripted(script=GREYLISTED)
    tried(3)
    ask()
    ask()
    assert only(diagnoses.later()).sentence.startswith("3 messages, 60% of what should have left, were put off")
    ask()
    assert list(diagnoses.later()) == []


def test_what_was_put_off_for_long_is_told_however_much_waits_beside_it(
    scripted: Start, now: datetime, time_machine
) -> None:
    scripted(script=GREYLISTED)
    tried(5)
    for _n in range(5):
        ask()
    time_machine.move_to(now + timedelta(hours=1), tick=False)
    assert list(diagnoses.later()) == []
    time_machine.move_to(now + timedelta(hours=1, seconds=1), tick=False)
    assert only(diagnoses.later()).sentence.startswith("5 messages, 50% of what should have left, were put off")
    Message.objects.filter(pk=Message.objects.filter(state="deferred").earliest("pk").pk).delete()
    assert list(diagnoses.later()) == []


@pytest.mark.parametrize(
    ("put_off", "arrived", "minutes", "level"),
    [(5, 4, 61, "trouble"), (5, 5, 61, "attention"), (5, 0, 60, "attention"), (4, 0, 61, "attention")],
)
def test_it_is_trouble_when_for_an_hour_little_else_has_come_of_what_was_tried(
    scripted: Start, time_machine, put_off: int, arrived: int, minutes: int, level: str
) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    scripted(script={"RCPT": ["450 4.2.0 later"] * put_off + ["250 OK"]})
    tried(put_off + arrived)
    time_machine.move_to(now + timedelta(minutes=minutes), tick=False)
    assert only(diagnoses.later()).level == level


def test_days_on_which_all_arrived_do_not_hide_an_hour_in_which_nothing_does(scripted: Start, time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    server = scripted(script={"RCPT": ["450 4.2.0 full", *["250 OK"] * 40]})
    tried(41)
    time_machine.move_to(now + timedelta(days=1), tick=False)
    server.script["RCPT"] = "451 4.3.0 not now"
    tried(5)
    time_machine.move_to(now + timedelta(days=1, minutes=61), tick=False)
    assert only(diagnoses.later()).level == Level.TROUBLE


@pytest.mark.parametrize(
    ("script", "reason", "number"),
    # Behind an answer that never came no other message of the batch is tried.
    [({"DATA": CLOSE}, Reason.CUT, 3), ({"END": CLOSE}, Reason.NO_ANSWER, 2)],
    ids=["cut", "silent"],
)
def test_connections_that_break_are_told_of_one_message_and_of_many(
    scripted: Start, now: datetime, script: dict[str, str], reason: Reason, number: int
) -> None:
    scripted(script=script)
    tried(1)
    (reply,) = Message.objects.filter(state="deferred", reason=reason).values_list("last_reply", flat=True)
    finding = only(diagnoses.cut())
    words = f"\u2068{reply or '–'}\u2069"
    assert (finding.level, finding.sentence, finding.advice) == (
        Level.ATTENTION,
        (
            "The connection broke at 1 message, 100% of what should have left, first at"
            f" {now:%Y-%m-%d %H:%M:%S}. What was noted: {words}"
        ),
        "They are tried again by themselves; see what ends the connections, on the way or at the other end.",
    )
    tried(2)
    assert only(diagnoses.cut()).sentence == (
        f"The connection broke at {number} messages, 100% of what should have left, first at"
        f" {now:%Y-%m-%d %H:%M:%S}. Noted most, {number} times: {words}"
    )


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (Reason.LATER, "mail-later"),
        (Reason.UNREACHABLE, "mail-server"),
        (Reason.CUT, "mail-cut"),
        (Reason.NO_ANSWER, "mail-cut"),
        (Reason.UNRENDERABLE, "mail-fault"),
    ],
)
def test_every_reason_to_try_again_has_its_sentence_and_none_while_its_mailing_is_paused(
    now: datetime, reason: Reason, name: str
) -> None:
    def ill() -> list[str]:
        return [one.name for _section, one in health.findings([Section.MAIL]) if one.level is not Level.OK]

    ask()
    Message.objects.update(
        state="deferred", reason=reason, first_tried_at=now, due_at=now + timedelta(hours=1), attempts=1
    )
    assert ill() == [name]
    paused = Mailing.objects.create(kind="x", title="News", leaves_at=now, total=1, paused_at=now)
    Message.objects.update(mailing=paused)
    assert ill() == []


def test_mail_between_two_tries_is_not_called_no_mail(scripted: Start, now: datetime) -> None:
    scripted(script=GREYLISTED)
    tried(1)
    assert told(diagnoses.waiting()) == [
        (
            Level.OK,
            f"No mail waits for a worker; 1 message waits to be tried again, first tried at {now:%Y-%m-%d %H:%M:%S}.",
        )
    ]
    tried(1)
    assert told(diagnoses.waiting()) == [
        (
            Level.OK,
            (
                "No mail waits for a worker; 2 messages wait to be tried again, the first of them first tried at"
                f" {now:%Y-%m-%d %H:%M:%S}."
            ),
        )
    ]
