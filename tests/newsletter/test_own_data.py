"""What is kept about subscribers: copied, erased with all else about an address, and gone by itself."""

from datetime import timedelta

import pytest
import time_machine

from accounts.enums import Channel
from accounts.models import ConsentRecord
from accounts.services import erase, subject_for
from core import clock, personal
from core.services import purging
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.models import Subscriber
from newsletter.services import confirm, leave
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"


def kind() -> personal.Kind:
    return personal.get("subscriptions")


def test_a_copy_has_the_subscription_of_the_account_and_of_the_address_nobody_elses():
    person = PersonFactory(email="bo@city.example")
    make.subscriber("old@city.example", person=person)
    make.subscriber(EMAIL, interests=["energy-systems"], country="CO")
    mine = personal.Subject(person_id=person.pk)
    assert [row.email for row in kind().find(mine)] == ["old@city.example"]
    guest = personal.Subject(addresses=("ANA@city.example", "old@city.example"))
    [row] = kind().rows(guest)
    assert {name: words for name, _label, _value, words in row if name in {"email", "state", "topics"}} == {
        "email": EMAIL,
        "state": "Confirmed",
        "topics": "Energy systems",
    }


def test_erasing_an_address_ends_its_subscription_and_its_consent():
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    confirm(subscriber_id=subscriber.pk)
    make.subscriber("other@city.example")
    subject, _person = subject_for(email=EMAIL)
    erase(subject=subject, channel=Channel.STAFF)
    assert [one.email for one in Subscriber.objects.all()] == ["other@city.example"]
    assert not ConsentRecord.objects.about(EMAIL).for_purpose("newsletter").stands()


@pytest.mark.parametrize(
    ("state", "days", "stays"),
    [
        ("asked", 29, 1),
        ("asked", 31, 0),
        ("left", 89, 1),
        ("left", 91, 0),
        ("confirmed", 4000, 1),
        ("blocked", 4000, 1),
    ],
)
def test_what_is_over_goes_by_itself_and_what_holds_stays(state, days, stays):
    make.subscriber(EMAIL, state=state)
    with time_machine.travel(clock.now() + timedelta(days=days)):
        for rule in kind().rules:
            purging._forget(rule, clock.now())
    assert Subscriber.objects.count() == stays


def test_the_log_outlives_the_row():
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    confirm(subscriber_id=subscriber.pk)
    leave(subscriber_id=subscriber.pk, why=LeftWhy.LINK, channel="/news/unsubscribe/")
    with time_machine.travel(clock.now() + timedelta(days=91)):
        for rule in kind().rules:
            purging._forget(rule, clock.now())
    assert Subscriber.objects.count() == 0
    given = ConsentRecord.objects.about(EMAIL).order_by("pk").values_list("given", flat=True)
    assert list(given) == [True, False]
