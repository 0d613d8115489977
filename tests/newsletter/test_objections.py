"""What a provider tells of a reader who objects: the subscription ends, and a yes that comes later is heard."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import ConsentRecord
from core import clock
from mail.enums import ReportKind, SuppressionReason
from mail.models import Message, Report, Suppression, SuppressionChange
from mail.services import report, suppress, suppressing
from newsletter.models import Subscriber
from newsletter.services import confirm
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import ask
from tests.factories.notices import SECRET, complaint_by_postmark, notice
from tests.newsletter.test_subscribing import asks

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"


def told(what: ReportKind, *, message_id: str = "m1@city.example") -> None:
    report(what=what, address="ANA@City.example", message_id=message_id, event_id="1", words="")


def reasons() -> list[str]:
    return sorted(Suppression.objects.values_list("reason", flat=True))


@pytest.mark.parametrize(
    ("what", "why", "reason"),
    [
        (ReportKind.COMPLAINED, "complaint", "complained"),
        (ReportKind.UNSUBSCRIBED, "one-click", "asked"),
    ],
)
def test_who_objects_at_the_provider_leaves_and_a_later_yes_lets_mail_flow_again(what, why, reason):
    make.subscriber(EMAIL, language="fr")
    other = make.subscriber("other@city.example")
    told(what)
    found = Subscriber.objects.get(email=EMAIL)
    assert (found.state, found.left_why, reasons()) == ("left", why, [reason])
    assert list(ConsentRecord.objects.values_list("given", "language", "channel")) == [(False, "fr", "provider")]
    other.refresh_from_db()
    assert other.is_confirmed
    asks(EMAIL)
    assert reasons() == [reason]
    confirm(subscriber_id=found.pk)
    assert (Subscriber.objects.get(email=EMAIL).state, reasons()) == ("confirmed", [])
    assert SuppressionChange.objects.order_by("-pk")[0].note == "Subscribed to the newsletter and confirmed it since."


def test_who_asks_staff_for_no_more_mail_is_told_no_longer_that_they_have_the_newsletter():
    clerk = PersonFactory(display_name="Clerk")
    reader = make.subscriber(EMAIL, language="fr")
    suppress(address="ANA@City.example", reason=SuppressionReason.ASKED, note="By telephone", by=clerk)
    reader.refresh_from_db()
    assert (reader.state, reader.left_why, reasons()) == ("left", "staff", ["asked"])
    assert list(ConsentRecord.objects.values_list("given", "language", "channel")) == [(False, "fr", "staff")]
    assert list(reader.changes.values_list("what", "by", "reason")) == [("unsubscribed", clerk.pk, "By telephone")]
    asks(EMAIL)
    assert list(Message.objects.values_list("kind", flat=True)) == ["newsletter-confirm"]
    confirm(subscriber_id=reader.pk)
    reader.refresh_from_db()
    assert (reader.state, reasons()) == ("confirmed", [])


@pytest.mark.parametrize(
    ("reason", "until"), [(SuppressionReason.STAFF, None), (SuppressionReason.ASKED, timedelta(days=9))]
)
def test_what_staff_note_for_another_reason_or_for_a_while_ends_no_subscription(reason, until):
    reader = make.subscriber(EMAIL)
    suppress(address=EMAIL, reason=reason, until=until and clock.now() + until)
    asks(EMAIL)
    reader.refresh_from_db()
    assert (reader.is_confirmed, Message.objects.get().kind) == (True, "newsletter-known")


def test_a_failed_entry_leaves_the_subscription_as_it_is(monkeypatch):
    reader = make.subscriber(EMAIL)

    def fails(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(suppressing, "_put_on", fails)
    with pytest.raises(RuntimeError):
        suppress(address=EMAIL, reason=SuppressionReason.ASKED)
    reader.refresh_from_db()
    assert (reader.is_confirmed, ConsentRecord.objects.count()) == (True, 0)


def about(message: Message) -> str:
    """Return what a provider tells back of a message."""
    return message.message_id.strip("<>")


def test_who_reports_another_mail_as_spam_may_still_ask_for_the_newsletter():
    reminder = ask(to=EMAIL, stream="bulk")
    asks(EMAIL)
    told(ReportKind.COMPLAINED, message_id=about(reminder))
    assert (Subscriber.objects.get().state, reasons()) == ("left", ["complained"])
    asks(EMAIL)
    assert Subscriber.objects.get().state == "asked"
    confirm(subscriber_id=Subscriber.objects.get().pk)
    assert (Subscriber.objects.get().state, reasons()) == ("confirmed", [])


@pytest.mark.parametrize(("what", "left_alone"), [(ReportKind.BOUNCED, ["bounced"]), (ReportKind.REJECTED, [])])
def test_what_is_no_objection_ends_no_subscription(what, left_alone):
    make.subscriber(EMAIL)
    message = ask(to=EMAIL, stream="bulk")
    told(what, message_id=message.message_id.strip("<>"))
    assert (Subscriber.objects.get().is_confirmed, reasons()) == (True, left_alone)
    assert list(Report.objects.values_list("message", "what")) == [(message.pk, what)]


def test_confirming_takes_away_neither_a_bounce_nor_what_staff_decided_nor_anybody_elses():
    for reason in SuppressionReason:
        suppress(address=EMAIL, reason=reason)
    suppress(address="other@city.example", reason=SuppressionReason.COMPLAINED)
    asks(EMAIL)
    confirm(subscriber_id=Subscriber.objects.get().pk)
    assert reasons() == ["bounced", "complained", "staff"]


def test_an_objection_of_somebody_who_is_no_reader_changes_nothing_but_the_list():
    told(ReportKind.COMPLAINED)
    assert (Subscriber.objects.count(), ConsentRecord.objects.count(), reasons()) == (0, 0, ["complained"])


@pytest.fixture
def hook(client, settings, time) -> Client:
    """Return a client that tells what a provider noticed; it is ten o'clock, the reader has confirmed at nine."""
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    make.subscriber(EMAIL, asked_at=at(8, 55))
    time.move_to(at(10))
    return client


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, tzinfo=UTC)


def tells(hook: Client, moment: datetime | None, event: str = "spam", **more) -> None:
    told_at = {} if moment is None else {"ts_epoch": int(moment.timestamp() * 1000)}
    assert notice(hook, event=event, **told_at, **more) == 200


@pytest.mark.parametrize("event", ["spam", "unsubscribe"])
def test_an_objection_older_than_the_yes_ends_nothing_however_late_and_often_it_is_told(hook, event):
    for _n in range(2):
        tells(hook, at(8), event)
    assert (Subscriber.objects.get().state, reasons(), ConsentRecord.objects.count()) == ("confirmed", [], 0)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(at(9, 30), id="newer"),
        pytest.param(at(8, 59, 30), id="as old, as far as two clocks can tell"),
        pytest.param(None, id="without a time"),
        pytest.param(at(13), id="still to come"),
    ],
)
def test_an_objection_that_may_be_newer_than_the_yes_counts(hook, moment):
    tells(hook, moment)
    assert (Subscriber.objects.get().state, reasons()) == ("left", ["complained"])


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-21T20:58:00", "confirmed"),
        ("2026-11-21T21:02:00", "left"),
        ("2026-11-22T08:00:00Z", "confirmed"),
        ("2026-11-22T03:00:00-07:00", "left"),
    ],
)
def test_a_time_without_a_zone_may_be_as_late_as_anywhere_on_earth(hook, moment, state):
    assert complaint_by_postmark(hook, email=EMAIL, at=moment) == 200
    assert Subscriber.objects.get().state == state


def test_a_late_objection_leaves_a_newer_question_open_and_stops_mail_until_it_is_answered(hook):
    Subscriber.objects.all().delete()
    reader = make.subscriber(EMAIL, state="asked", asked_at=at(9))
    tells(hook, at(8))
    assert (Subscriber.objects.get().state, reasons()) == ("asked", ["complained"])
    confirm(subscriber_id=reader.pk)
    assert (Subscriber.objects.get().state, reasons()) == ("confirmed", [])
    tells(hook, at(8, 1))
    assert (Subscriber.objects.get().state, reasons()) == ("confirmed", [])


def test_a_question_that_is_reported_as_spam_is_the_last_one(hook):
    Subscriber.objects.update(state="asked", confirmed_at=None, wording=make.SAID)
    question = ask(to=EMAIL, kind="newsletter-confirm")
    tells(hook, at(9), **{"X-Mailin-custom": json.dumps({"outbox": about(question)})})
    found = Subscriber.objects.get()
    assert (found.state, found.left_why, reasons()) == ("blocked", "complaint", ["complained"])
    asks(EMAIL)
    assert (Subscriber.objects.get().state, Message.objects.count(), ConsentRecord.objects.count()) == ("blocked", 1, 0)


def test_a_repeat_changes_nothing_and_a_second_complaint_about_the_same_message_counts(hook, time):
    message = ask(to=EMAIL, stream="bulk")
    spoken_of = {"X-Mailin-custom": json.dumps({"outbox": about(message)})}
    tells(hook, at(9, 30), **spoken_of)
    asks(EMAIL)
    confirm(subscriber_id=Subscriber.objects.get().pk)
    tells(hook, at(9, 30), **spoken_of)
    assert (Subscriber.objects.get().state, reasons(), Report.objects.count()) == ("confirmed", [], 1)
    time.move_to(at(11))
    tells(hook, at(10, 30), **spoken_of)
    assert (Subscriber.objects.get().state, reasons(), Report.objects.count()) == ("left", ["complained"], 2)


def test_an_outdated_notice_is_kept_beside_its_message(hook):
    message = ask(to=EMAIL, stream="bulk")
    tells(hook, at(8), **{"X-Mailin-custom": json.dumps({"outbox": about(message)})})
    assert list(Report.objects.values_list("message", "what", "at")) == [(message.pk, "complained", clock.now())]
    assert Subscriber.objects.get().is_confirmed
