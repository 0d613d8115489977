"""What staff do about addresses: ending, blocking, lifting the block; the row, the log of consents and the history."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import translation

from accounts.models import ConsentRecord
from mail.models import Message
from newsletter.enums import SubscriberState
from newsletter.errors import BlockedAlready, EndedAlready, NotAsked, NotBlocked
from newsletter.models import Subscriber, SubscriberChange
from newsletter.services import ask_no_more, block_address, confirm, unblock_subscriber, unsubscribe_by_staff
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.newsletter.test_subscribing import asks

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"


@pytest.fixture
def staff():
    return PersonFactory()


def the_one() -> Subscriber:
    return Subscriber.objects.get()


def consents() -> list[tuple[bool, str, str]]:
    return list(ConsentRecord.objects.order_by("pk").values_list("given", "language", "channel"))


def history() -> list[tuple[str, str]]:
    return list(SubscriberChange.objects.values_list("what", "reason"))


def test_staff_end_a_subscription_in_its_own_language_and_say_why(staff):
    subscriber = make.subscriber(EMAIL, language="fr")
    with translation.override("ar"):
        unsubscribe_by_staff(subscriber_id=subscriber.pk, by=staff, reason="Asked by phone")
    assert (the_one().state, the_one().left_why) == ("left", "staff")
    assert (consents(), history()) == ([(False, "fr", "staff")], [("unsubscribed", "Asked by phone")])
    assert SubscriberChange.objects.get().by == staff
    with pytest.raises(EndedAlready):
        unsubscribe_by_staff(subscriber_id=subscriber.pk, by=staff, reason="Again")
    assert len(history()) == 1


def test_what_is_blocked_cannot_be_asked_for_and_nobody_is_mailed(staff):
    subscriber = make.subscriber(EMAIL)
    block_address(email="ANA@city.example", by=staff, reason="Ordered by a court")
    assert (the_one().pk, the_one().state, the_one().email) == (subscriber.pk, "blocked", EMAIL)
    assert consents() == [(False, "en", "staff")]
    before = Subscriber.objects.values().get()
    asks(EMAIL, language="es")
    assert (Subscriber.objects.values().get(), Message.objects.count()) == (before, 0)
    with pytest.raises(BlockedAlready):
        block_address(email=EMAIL, by=staff, reason="Again")
    with pytest.raises(EndedAlready):
        unsubscribe_by_staff(subscriber_id=subscriber.pk, by=staff, reason="Again")
    assert history() == [("blocked", "Ordered by a court")]


def test_an_address_that_nobody_knew_is_blocked_without_any_consent(staff):
    block_address(email="Trap@City.example", by=staff, reason="A trap")
    found = the_one()
    assert (found.state, found.email, found.email_key) == ("blocked", "Trap@City.example", "trap@city.example")
    assert (found.confirmed_at, consents(), history()) == (None, [], [("blocked", "A trap")])


def test_the_mail_that_was_on_its_way_confirms_nothing_once_the_address_is_blocked(staff):
    asks(EMAIL)
    block_address(email=EMAIL, by=staff, reason="A trap")
    with pytest.raises(NotAsked):
        confirm(subscriber_id=the_one().pk)
    assert (the_one().wording, consents()) == ({}, [])


def test_lifting_a_block_brings_nothing_back_and_lets_the_address_ask(staff):
    subscriber = make.subscriber(EMAIL)
    block_address(email=EMAIL, by=staff, reason="By mistake")
    unblock_subscriber(subscriber_id=subscriber.pk, by=staff, reason="It was the wrong one")
    assert (the_one().state, the_one().left_why) == ("left", "staff")
    assert history() == [("blocked", "By mistake"), ("unblocked", "It was the wrong one")]
    assert not Subscriber.objects.confirmed().exists()
    with pytest.raises(NotBlocked):
        unblock_subscriber(subscriber_id=subscriber.pk, by=staff, reason="Again")
    asks(EMAIL)
    confirm(subscriber_id=subscriber.pk)
    assert (the_one().state, [given for given, *_ in consents()]) == ("confirmed", [False, True])


def test_who_wants_no_question_is_asked_no_more_until_staff_lift_it(staff):
    asks(EMAIL)
    for channel in ("/news/unwanted/", "/elsewhere/"):
        ask_no_more(subscriber_id=the_one().pk, channel=channel)
    assert (the_one().state, the_one().left_why, consents(), history()) == ("blocked", "unwanted", [], [])
    before = Subscriber.objects.values().get()
    asks(EMAIL, language="es")
    assert (Subscriber.objects.values().get(), Message.objects.count()) == (before, 1)
    with pytest.raises(NotAsked):
        confirm(subscriber_id=the_one().pk)
    with pytest.raises(BlockedAlready):
        block_address(email=EMAIL, by=staff, reason="A trap")
    unblock_subscriber(subscriber_id=the_one().pk, by=staff, reason="They wrote to us")
    asks(EMAIL)
    confirm(subscriber_id=the_one().pk)
    assert (the_one().state, history()) == ("confirmed", [("unblocked", "They wrote to us")])


def test_the_wish_of_the_owner_does_not_hide_that_staff_blocked_the_address_before(staff):
    block_address(email=EMAIL, by=staff, reason="Ordered by a court")
    before = Subscriber.objects.values().get()
    ask_no_more(subscriber_id=the_one().pk, channel="/news/unwanted/")
    assert Subscriber.objects.values().get() == before


@pytest.mark.parametrize("fields", [{"what": "blocked", "reason": ""}, {"what": "slapped", "reason": "x"}])
def test_the_database_refuses_a_step_without_a_reason_or_of_no_known_kind(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        SubscriberChange.objects.create(subscriber=make.subscriber(EMAIL), **fields)


def test_a_history_cannot_be_written_anew_and_outlives_whoever_made_it(staff):
    block_address(email=EMAIL, by=staff, reason="A trap")
    step = SubscriberChange.objects.get()
    with pytest.raises(TypeError):
        step.save()
    for fields in ({"reason": "None"}, {"what": "unblocked"}, {"by": PersonFactory()}):
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            SubscriberChange.objects.update(**fields)
    staff.delete()
    assert (SubscriberChange.objects.get().by, history()) == (None, [("blocked", "A trap")])
    assert the_one().state == SubscriberState.BLOCKED
