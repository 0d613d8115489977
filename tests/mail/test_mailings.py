"""Messages to many: asked for in one statement a batch, frozen, balanced, and taken back as one."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from core import clock, timezones
from mail import kinds, rehearsal
from mail.enums import State, Stream, SuppressionReason
from mail.kinds import MailKind, Rendering
from mail.models import Mailing, Message
from mail.services import delivery, suppress
from mail.services.asking_many import Asked, enqueue_many
from mail.services.enqueueing import message_id
from mail.services.mailings import books, freeze, take_back

pytestmark = pytest.mark.django_db
KIND = "test-many"


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setitem(kinds._registered, KIND, MailKind(KIND, write, "Many", stream=Stream.BULK))


def write(message: Message) -> Rendering:
    return Rendering(subject="Subject", template="mail/notice", context={"paragraphs": ["Hello"]})


def asked(number: int, **fields) -> list[Asked]:
    return [
        Asked(**{"key": f"many:{one}", "to": f"p{one}@city.example", "language": "fr", "params": {"id": one}, **fields})
        for one in range(number)
    ]


@pytest.mark.parametrize("number", [1, 300])
def test_a_batch_is_one_statement_whatever_its_size(number, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert enqueue_many(kind=KIND, asked=asked(number)) == number
    message = Message.objects.get(key="many:0")
    assert (message.to_address, message.language, message.params, message.stream, message.state) == (
        "p0@city.example", "fr", {"id": 0}, "bulk", "queued",
    )  # fmt: skip
    assert (message.message_id, message.due_at) == (message_id("many:0"), message.created_at)


def test_asking_twice_asks_once():
    enqueue_many(kind=KIND, asked=asked(2))
    assert (enqueue_many(kind=KIND, asked=asked(3)), Message.objects.count()) == (1, 3)
    assert enqueue_many(kind=KIND, asked=[]) == 0


def test_what_cannot_be_written_to_is_left_out_and_an_unknown_language_falls_back():
    rows = [*asked(1, to="nobody"), Asked(key="b", to="B@Bücher.example", language="xx", params={})]
    assert enqueue_many(kind=KIND, asked=rows) == 1
    message = Message.objects.get()
    assert (message.to_address, message.language) == ("B@xn--bcher-kva.example", "en")


@pytest.mark.parametrize("name", ["plain", "nobody-knows"])
def test_a_kind_that_cannot_write_is_refused(name):
    with pytest.raises(LookupError):
        enqueue_many(kind=name, asked=asked(1))


def test_a_mailing_freezes_its_number_and_balances():
    leaves_at = clock.now() + timedelta(minutes=2)
    mailing = freeze(kind=KIND, title="News", asked=iter(asked(1203, due_at=leaves_at)), leaves_at=leaves_at)
    assert (mailing.total, books(mailing)) == (1203, {State.QUEUED: 1203})
    assert delivery.deliver(stream=Stream.BULK) == 0
    Message.objects.filter(key__in=["many:1", "many:2"]).update(
        state="accepted", attempts=1, started_at=leaves_at, first_tried_at=leaves_at, finished_at=leaves_at
    )
    taken = take_back(mailing_id=mailing.pk)
    assert (taken.withdrawn, books(mailing)) == (1201, {State.ACCEPTED: 2, State.CANCELLED: 1201})
    assert take_back(mailing_id=mailing.pk).withdrawn_at == taken.withdrawn_at


def test_the_database_refuses_books_that_cannot_be():
    mailing = Mailing.objects.create(kind=KIND, title="News", leaves_at=clock.now(), total=1)
    for fields, name in (
        ({"withdrawn": 1}, "mail_mailing_withdrawn_has_moment"),
        ({"withdrawn": 2, "withdrawn_at": clock.now()}, "mail_mailing_withdrawn_at_most_all"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Mailing.objects.filter(pk=mailing.pk).update(**fields)


class Few:
    """An audience of three addresses; a zone goes by its old name and its new one, and one zone is not known."""

    stream = Stream.BULK

    def tally(self):
        return [
            ("fr", "Asia/Calcutta", "Confirmed", 2),
            ("en", "Asia/Kolkata", "Waiting", 1),
            ("en", "Asia/Kathmandu", "Waiting", 1),
            ("en", "Not known", "Waiting", 1),
        ]

    def addresses(self):
        return iter(f"p{one}@city.example" for one in range(3))

    def sample(self, language: str) -> Rendering:
        return Rendering(subject=f"In {language}", template="mail/notice", context={"paragraphs": ["<b>Hello</b>"]})


def test_a_rehearsal_counts_and_writes_in_every_language():
    suppress(address="p1@city.example", reason=SuppressionReason.COMPLAINED)
    found = rehearsal.rehearse(Few())
    assert (found.total, found.stopped) == (5, 1)
    assert found.by_language == [("English", 3), ("français", 2)]
    assert found.by_zone == [("Kolkata (UTC+5:30)", 3), ("Kathmandu (UTC+5:45)", 1), ("Not known", 1)]
    assert {words for words, _number in found.by_zone[:2]} < set(dict(timezones.choices("en")).values())
    assert found.by_state == [("Waiting", 3), ("Confirmed", 2)]
    with translation.override("ar"):
        assert rehearsal.rehearse(Few()).by_zone[0] == ("كالكتا (UTC+5:30)", 3)
    assert [(one.language, one.content.subject, one.direction) for one in found.samples] == [
        ("en", "In en", "ltr"),
        ("fr", "In fr", "ltr"),
        ("es", "In es", "ltr"),
        ("pt", "In pt", "ltr"),
        ("ar", "In ar", "rtl"),
    ]
    assert "&lt;b&gt;Hello" in found.samples[0].content.html
    assert Message.objects.count() == 0
