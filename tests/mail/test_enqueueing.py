"""Asking for a mail: once per key, with the business change or not at all, in one statement."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from mail import doorbell
from mail.addresses import BadAddress
from mail.enums import State
from mail.kinds import Attachment
from mail.models import Message
from mail.services import enqueue, withdraw
from mail.services.asking_many import Asked, enqueue_many
from tests.factories.mail import ask, fail_after


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was rung for."""
    heard: list[str] = []
    monkeypatch.setattr(doorbell, "_ring", heard.append)
    return heard


@pytest.mark.django_db
def test_asking_twice_with_one_key_sends_once_and_returns_the_first(notice: str) -> None:
    first = enqueue(key="k", kind=notice, to="a@city.example", language="fr", params={"number": 1})
    second = enqueue(key="k", kind=notice, to="b@city.example", language="es", params={"number": 2})
    assert second.pk == first.pk
    assert second.to_address == "a@city.example"
    stored = Message.objects.get()
    assert (stored.state, stored.language, stored.params, stored.stream) == (
        "queued",
        "fr",
        {"number": 1},
        "transactional",
    )
    assert (stored.attempts, stored.subject, stored.attachments, stored.last_reply) == (0, "", [], "")


@pytest.mark.django_db
def test_asking_is_one_statement(notice: str, django_assert_num_queries) -> None:
    with django_assert_num_queries(1) as captured:
        enqueue(key="k", kind=notice, to="a@city.example", language="en", params={"number": 1})
    assert captured.captured_queries[0]["sql"].startswith("INSERT INTO mail_message")
    with django_assert_num_queries(1):
        ask()


@pytest.mark.django_db
def test_a_rolled_back_change_sends_nothing(notice: str) -> None:
    with pytest.raises(RuntimeError):
        fail_after(lambda: enqueue(key="k", kind=notice, to="a@city.example", language="en", params={}))
    assert not Message.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "params", [{"name": "x" * 101}, {"facts": {"nested": 1}}, {"weight": 1.5}, {"numbers": [1, {"a": 1}]}]
)
def test_words_instead_of_ids_are_refused(notice: str, params: dict) -> None:
    with pytest.raises(ValueError, match="must be an id"):
        enqueue(key="k", kind=notice, to="a@city.example", language="en", params=params)


@pytest.mark.django_db
def test_what_can_never_be_sent_is_refused_at_once(notice: str) -> None:
    with pytest.raises(BadAddress):
        enqueue(key="k", kind=notice, to="nobody", language="en", params={})
    with pytest.raises(LookupError, match="'no-such-kind'"):
        enqueue(key="k", kind="no-such-kind", to="a@city.example", language="en", params={})
    with pytest.raises(ValueError, match="key"):
        enqueue(key="", kind=notice, to="a@city.example", language="en", params={})
    with pytest.raises(ValueError, match="key"):
        enqueue(key="k" * 201, kind=notice, to="a@city.example", language="en", params={})


@pytest.mark.django_db
def test_a_language_the_site_does_not_speak_becomes_english_and_a_regional_one_its_base(notice: str) -> None:
    languages = [
        enqueue(key=given, kind=notice, to="a@city.example", language=given, params={}).language
        for given in ("pt-BR", "de", "ar")
    ]
    assert languages == ["pt", "en", "ar"]


@pytest.mark.django_db
def test_the_message_id_hangs_on_the_key_alone(settings) -> None:
    settings.MAIL_MESSAGE_ID_DOMAIN = "gkec.example"
    message = ask(key="event-confirmation:1")
    assert message.message_id == "<2f08489fd0e14e0f4f6664f6859a89582876456e@gkec.example>"


@pytest.mark.django_db
def test_characters_that_the_database_cannot_hold_are_dropped_from_prepared_words() -> None:
    file = Attachment("m\x00\ud800n.txt", b"", "text/plain")
    given = {"subject": "a\x00b\ud800", "text": "c\x00d\udfff", "html": "e\x00f\ud800", "to_name": "Zoë\x00\ud83d"}
    message = Message.objects.get(pk=ask(**given, attachments=[file]).pk)
    assert (message.subject, message.text, message.html, message.to_name) == ("ab?", "cd?", "ef?", "Zoë?")
    assert [one["filename"] for one in message.attachments] == ["m?n.txt"]


@pytest.mark.django_db
def test_characters_that_the_database_cannot_hold_are_dropped_from_names(notice: str) -> None:
    name = "Zoë\x00\ud83d " + "x" * 300
    enqueue(key="one", kind=notice, to="a@city.example", to_name=name, language="en", params={})
    asked = Asked(key="many", to="b@city.example", to_name=name, language="en", params={})
    assert enqueue_many(kind=notice, asked=[asked]) == 1
    kept = "Zoë? " + "x" * 195
    assert dict(Message.objects.values_list("key", "to_name")) == {"one": kept, "many": kept}


@pytest.mark.django_db(transaction=True)
def test_one_transaction_rings_once_for_each_stream(rings: list[str]) -> None:
    with transaction.atomic():
        for _n in range(5):
            ask()
            ask(stream="bulk")
        assert rings == []
    assert sorted(rings) == ["bulk", "transactional"]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_savepoint_takes_its_ring_along_but_no_other(rings: list[str]) -> None:
    with transaction.atomic():
        with pytest.raises(RuntimeError):
            fail_after(ask)
        assert connection.run_on_commit == []
        ask()
        with pytest.raises(RuntimeError):
            fail_after(ask)
    assert rings == ["transactional"]
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_due_later_or_known_already_rings_nobody(rings: list[str]) -> None:
    ask(due_at=clock.now() + timedelta(hours=1))
    assert rings == []
    ask(key="again")
    ask(key="again")
    assert rings == ["transactional"]


@pytest.mark.django_db(transaction=True)
def test_a_ring_reaches_the_broker_from_a_thread_of_its_own(settings, caplog) -> None:
    from gkec.celery import app

    with transaction.atomic():
        ask()
    assert doorbell.wait_until_quiet(5)
    with app.connection_for_read() as broker:
        assert broker.default_channel._size("transactional") == 1


@pytest.mark.django_db
def test_withdrawing_stops_what_has_not_begun_to_leave() -> None:
    waiting, other = ask(key="a"), ask(key="b")
    assert withdraw(keys=["a", "c"]) == 1
    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "withdrawn")
    assert other.state == "queued"
    assert withdraw(keys=["a"]) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "leased"}, "mail_message_held_by_lease"),
        ({"lease_id": "00000000-0000-0000-0000-000000000001"}, "mail_message_held_by_lease"),
        ({"state": "accepted"}, "mail_message_final_has_end"),
        ({"finished_at": clock.now()}, "mail_message_final_has_end"),
        ({"state": "accepted", "finished_at": clock.now()}, "mail_message_started_before_end"),
        ({"state": "failed", "finished_at": clock.now()}, "mail_message_missed_has_reason"),
        ({"state": "deferred"}, "mail_message_missed_has_reason"),
        ({"state": "sent"}, "mail_message_state_known"),
        ({"stream": "news"}, "mail_message_stream_known"),
        ({"to_address": ""}, "mail_message_says_what_to_whom"),
    ],
)
def test_the_database_refuses_states_that_make_no_sense(fields: dict, constraint: str) -> None:
    message = ask()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**fields)
    assert Message.objects.get().state == State.QUEUED


@pytest.mark.django_db
def test_a_prepared_kind_cannot_be_written_from_ids() -> None:
    with pytest.raises(LookupError, match="prepared"):
        enqueue(key="k", kind="plain", to="a@city.example", language="en", params={})


@pytest.mark.django_db
def test_the_broker_being_down_costs_one_line_and_no_time(monkeypatch, caplog, rings) -> None:
    from kombu.exceptions import OperationalError

    def down(*args, **kwargs):
        raise OperationalError("Connection refused")

    monkeypatch.setattr(doorbell.current_app, "send_task", down)
    with caplog.at_level(logging.WARNING, logger="mail.doorbell"):
        doorbell.ring_now("bulk")
    assert [record.getMessage() for record in caplog.records] == [
        "Nobody heard the doorbell of bulk mail; the sweep will: Connection refused"
    ]


def test_all_that_was_asked_for_one_reason_is_withdrawn_by_how_its_keys_begin() -> None:
    for key in ("event-reminder:12:a", "event-reminder:12:b", "event-reminder:120:a", "event_reminder:12:a", "other"):
        ask(key=key)
    done = ask(key="event-reminder:12:done")
    Message.objects.filter(pk=done.pk).update(state="failed", reason="refused", finished_at=clock.now())
    assert withdraw(prefix="event-reminder:12:", keys=["other"], because="The event is cancelled.") == 3
    found = Message.objects.filter(state="cancelled").values_list("key", "reason", "last_reply")
    assert sorted(found) == [
        ("event-reminder:12:a", "withdrawn", "The event is cancelled."),
        ("event-reminder:12:b", "withdrawn", "The event is cancelled."),
        ("other", "withdrawn", "The event is cancelled."),
    ]
    assert withdraw() == 0
    assert withdraw(prefix="event%") == 0
