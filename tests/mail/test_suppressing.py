"""An address on the suppression list gets no mail that its reason stops."""

from datetime import timedelta

import pytest

from accounts.enums import Channel
from accounts.services import rights
from core import clock
from core.personal import Subject
from mail.enums import SuppressionReason
from mail.models import Suppression, SuppressionChange
from mail.services import suppress, suppressed, take_off
from mail.services.erasing import erase_suppressions
from tests.factories.accounts import PersonFactory
from tests.factories.mail import ask, deliver_all, lapsed
from tests.services.mailserver import MailServer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("bounced", {"transactional", "bulk"}),
        ("staff", {"transactional", "bulk"}),
        ("complained", {"bulk"}),
        ("asked", {"bulk"}),
    ],
)
def test_a_reason_stops_the_streams_it_is_about(mail_server: MailServer, reason: str, stopped: set[str]) -> None:
    suppress(address="Ana@City.example", reason=SuppressionReason(reason))
    for stream in ("transactional", "bulk"):
        message, other = ask(to="ana@city.example", stream=stream), ask(stream=stream)
        deliver_all(stream)
        message.refresh_from_db()
        other.refresh_from_db()
        expected = ("suppressed", "suppressed", 0) if stream in stopped else ("accepted", "", 1)
        assert (message.state, message.reason, message.attempts) == expected
        assert other.state == "accepted"


def test_an_entry_expires_and_can_be_taken_back() -> None:
    addresses = ["ana@city.example", "bo@city.example"]
    suppress(address="ana@city.example", reason=SuppressionReason.BOUNCED, until=clock.now() + timedelta(seconds=60))
    lapsed(suppress(address="bo@city.example", reason=SuppressionReason.BOUNCED))
    assert suppressed(addresses=addresses, stream="bulk") == {"ana@city.example"}
    entry = Suppression.objects.get(address="ana@city.example")
    assert take_off(suppression_id=entry.pk, note="moved back") is True
    assert take_off(suppression_id=entry.pk, note="moved back") is False
    assert suppressed(addresses=addresses, stream="bulk") == set()


def test_an_address_stays_suppressed_by_its_hash_after_erasure() -> None:
    entry = suppress(address="ana@city.example", reason=SuppressionReason.ASKED)
    Suppression.objects.filter(pk=entry.pk).update(address="")
    assert suppressed(addresses=["ana@city.example"], stream="bulk") == {"ana@city.example"}
    again = suppress(address="ana@city.example", reason=SuppressionReason.ASKED)
    assert (again.pk, again.address, Suppression.objects.count()) == (entry.pk, "ana@city.example", 1)


def test_forgetting_an_address_keeps_its_hash_and_nothing_that_names_it() -> None:
    suppress(address="ana@city.example", reason=SuppressionReason.BOUNCED, note="550 5.1.1 <ana@city.example> unknown")
    suppress(address="bo@city.example", reason=SuppressionReason.ASKED, note="by telephone")
    assert erase_suppressions(subject=Subject(None, ("Ana@City.example",))) == 1
    assert suppressed(addresses=["ana@city.example", "bo@city.example"], stream="transactional") == {"ana@city.example"}
    kept = [*Suppression.objects.values_list("address", "note"), *SuppressionChange.objects.values_list("note")]
    assert sorted(kept) == [("",), ("", ""), ("bo@city.example", "by telephone"), ("by telephone",)]


def test_erasing_an_address_finds_the_history_of_entries_that_were_taken_off() -> None:
    entry = suppress(address="ana@bücher.example", reason=SuppressionReason.STAFF, note="ana@xn--bcher-kva.example")
    take_off(suppression_id=entry.pk, note="Ana rang us")
    suppress(address="bo@city.example", reason=SuppressionReason.STAFF, note="by telephone")
    erase_suppressions(subject=Subject(None, ("Ana@Bücher.example",)))
    notes = SuppressionChange.objects.order_by("id").values_list("step", "note")
    assert list(notes) == [("added", ""), ("removed", ""), ("added", "by telephone")]


def test_a_step_keeps_the_name_of_the_staff_behind_it_until_their_own_account_ends() -> None:
    ana, by = PersonFactory(email="ana@city.example"), PersonFactory()
    suppress(address="ana@city.example", reason=SuppressionReason.STAFF, note="Ana rang us", by=by)
    suppress(address="bo@city.example", reason=SuppressionReason.STAFF, note="Bo rang us", by=ana)
    rights.erase(subject=rights.subject_of(ana), channel=Channel.SELF)
    steps = SuppressionChange.objects.order_by("id").values_list("by", "note")
    assert list(steps) == [(by.pk, ""), (None, "Bo rang us")]
    rights.erase(subject=rights.subject_of(by), channel=Channel.SELF)
    assert list(steps.all()) == [(None, ""), (None, "Bo rang us")]


def test_a_mailbox_that_bounced_for_a_while_does_not_make_us_forget_a_wish() -> None:
    suppress(address="ana@city.example", reason=SuppressionReason.ASKED)
    lapsed(suppress(address="ana@city.example", reason=SuppressionReason.BOUNCED))
    assert suppressed(addresses=["ana@city.example"], stream="bulk") == {"ana@city.example"}
    assert suppressed(addresses=["ana@city.example"], stream="transactional") == set()


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_putting_an_address_on_the_list_again_never_shortens_its_entry(reason: SuppressionReason) -> None:
    now = clock.now()
    ends = []
    for days in (2, 1, 3, None, 4):
        until = days and now + timedelta(days=days)
        entry = suppress(address="ana@city.example", reason=reason, until=until)
        ends.append(entry.expires_at and (entry.expires_at - now).days)
        assert Suppression.objects.get().expires_at == entry.expires_at
    assert ends == [2, 2, 3, None, None]


def test_an_entry_that_has_ended_can_be_renewed() -> None:
    lapsed(suppress(address="ana@city.example", reason=SuppressionReason.STAFF))
    suppress(address="ana@city.example", reason=SuppressionReason.STAFF, until=clock.now() + timedelta(days=1))
    assert suppressed(addresses=["ana@city.example"], stream="bulk") == {"ana@city.example"}


def test_an_end_that_is_not_to_come_is_refused() -> None:
    with pytest.raises(ValueError, match="a moment to come"):
        suppress(address="ana@city.example", reason=SuppressionReason.STAFF, until=clock.now())
    assert not Suppression.objects.exists()


def test_each_step_stays_in_the_history_with_who_and_why() -> None:
    by = PersonFactory()
    entry = suppress(address="ana@city.example", reason=SuppressionReason.STAFF, note="insults", by=by)
    suppress(address="ana@city.example", reason=SuppressionReason.STAFF, note="again")
    assert take_off(suppression_id=entry.pk, note="apologised", by=by) is True
    assert take_off(suppression_id=entry.pk, note="twice") is False
    found = SuppressionChange.objects.order_by("id").values_list("reason", "step", "note", "by")
    assert list(found) == [
        ("staff", "added", "insults", by.pk),
        ("staff", "renewed", "again", None),
        ("staff", "removed", "apologised", by.pk),
    ]


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
@pytest.mark.parametrize(
    ("reply", "is_suppressed"),
    [
        ("550 5.1.1 <ana@city.example> user unknown", True),
        ("550 5.1.10 null MX", True),
        ("550 5.7.1 we do not like your content", False),
        ("552 5.2.2 mailbox full", False),
        ("550 no such user here", False),
        ("450 4.1.1 not yet", False),
    ],
)
def test_only_a_mailbox_that_does_not_exist_is_put_on_the_list(
    mail_server: MailServer, stream: str, reply: str, is_suppressed: bool, settings
) -> None:
    ask(to="ana@city.example", stream=stream)
    ask(to="bo@city.example", stream=stream)
    mail_server.refuse("ana@city.example", reply)
    deliver_all(stream)
    entries = Suppression.objects.values_list("address", "reason", "note")
    assert list(entries) == ([("ana@city.example", "bounced", reply)] if is_suppressed else [])
    if is_suppressed:
        left = Suppression.objects.get().expires_at - clock.now()
        assert timedelta(days=179) < left <= timedelta(days=180)


def test_the_list_is_asked_once_for_a_whole_batch(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        suppressed(addresses=[f"p{n}@city.example" for n in range(200)], stream="bulk")
