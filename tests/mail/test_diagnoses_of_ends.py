"""What health tells of mail that has ended: failed, unknown, suppressed; and of a database that forgets such ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from core import clock, health
from core.health import Level, Section
from mail import diagnoses
from mail.enums import SuppressionReason
from mail.models import Message, Resend
from mail.services import delivery, suppress
from tests.factories.mail import ask, deliver_all
from tests.mail.test_diagnoses import only
from tests.services.smtpscript import CLOSE, ScriptedServer

pytestmark = pytest.mark.django_db
Start = Callable[..., ScriptedServer]


def test_messages_of_unknown_fate_are_told(scripted: Start) -> None:
    scripted(script={"END": CLOSE})
    ask(stream="bulk")
    delivery.deliver(stream="bulk")
    assert Message.objects.get().state == "unknown"
    assert only(diagnoses.unknown()).sentence == "Of 1 message of the last day nobody knows whether it arrived."
    # Nobody has to decide about what had no sense any more when it was to be repeated.
    Message.objects.update(repeats=1, reason="withdrawn")
    assert list(diagnoses.unknown()) == []


def test_messages_of_unknown_fate_are_told_for_a_week_until_they_are_sent_again(scripted: Start, time_machine) -> None:
    scripted(script={"END": CLOSE})
    now = clock.now()
    time_machine.move_to(now, tick=False)
    ask(stream="bulk")
    delivery.deliver(stream="bulk")
    time_machine.move_to(now + timedelta(days=1, seconds=1), tick=False)
    finding = only(diagnoses.unknown())
    assert (finding.level, finding.sentence, finding.url) == (
        Level.ATTENTION,
        "Of 1 message of the days before nobody knows whether it arrived, and nobody has sent it again.",
        "/admin/outbox/?state=unknown",
    )
    copy = ask()
    again = Resend.objects.create(original=Message.objects.get(state="unknown"), number=1, copy=copy, reason="Asked.")
    assert list(diagnoses.unknown()) == []
    again.delete()
    time_machine.move_to(now + timedelta(days=7, seconds=1), tick=False)
    assert list(diagnoses.unknown()) == []


@pytest.mark.parametrize(
    ("refused", "taken", "expected"),
    [
        (4, 0, None),
        (5, 95, None),
        (5, 94, (Level.ATTENTION, "5 of 99", "Look what the words ask for.")),
        (
            6,
            5,
            (
                Level.TROUBLE,
                "6 of 11",
                "When most is refused, the fault is rather ours: look what the words ask for, then send them again.",
            ),
        ),
    ],
)
def test_mail_that_is_refused_for_good_is_told_with_what_is_said_most(
    time_machine, refused: int, taken: int, expected: tuple | None
) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    for number in range(refused + taken):
        ask()
        Message.objects.filter(finished_at=None).update(
            state="accepted" if number < taken else "failed",
            reason="" if number < taken else "refused",
            last_reply="550 5.7.1 <ana@city.example> no" if number != taken else "552 too big",
            attempts=1,
            first_tried_at=now,
            started_at=now,
            finished_at=now,
        )
    found = [(one.name, one.level, one.sentence, one.advice, one.url) for one in diagnoses.failed()]
    assert found == [
        (
            "mail-failed",
            level,
            (
                f"{share} messages that were tried failed in the last day. Said most, {refused - 1} times:"
                " \u2068550 5.7.1 <[address]> no\u2069"
            ),
            advice,
            "/admin/outbox/?state=failed",
        )
        for level, share, advice in [expected] * bool(expected)
    ]
    time_machine.move_to(now + timedelta(days=1, seconds=1), tick=False)
    assert list(diagnoses.failed()) == []


def test_what_is_cancelled_or_suppressed_does_not_thin_out_what_is_refused(time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    for state, number in (("failed", 5), ("cancelled", 100), ("suppressed", 100)):
        for _n in range(number):
            ask()
        Message.objects.filter(finished_at=None).update(state=state, reason="refused", finished_at=now)
    assert only(diagnoses.failed()).level is Level.TROUBLE


def test_a_database_that_commits_asynchronously_since_the_last_migration_is_trouble() -> None:
    assert list(diagnoses.durability()) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    assert [(one.name, one.level) for one in diagnoses.durability()] == [("mail-durability", Level.TROUBLE)]
    assert "mail-durability" in [one.name for _section, one in health.findings([Section.MAIL])]


def test_a_large_share_of_suppressed_addresses_is_told(scripted: Start) -> None:
    scripted()
    for number in range(6):
        if number < 5:
            suppress(address=f"s{number}@city.example", reason=SuppressionReason.BOUNCED)
        ask(to=f"s{number}@city.example")
    deliver_all()
    assert only(diagnoses.suppressed()).sentence == (
        "5 of 6 messages of the last day were for addresses on the suppression list."
    )
