"""Asking for the newsletter, confirming, changing one's mind: the row, the log of consents and the mails."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.consent import address_hash
from accounts.models import ConsentRecord
from core import clock
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from newsletter import mails, wording
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.errors import NotAsked, NotSubscribed
from newsletter.models import Subscriber
from newsletter.services import ask, change_preferences, claim_subscription, confirm, leave
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.factories.events import term

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"


def asks(email: str = EMAIL, **fields: Any) -> None:
    """Ask as the English form does."""
    given = {"language": "en", "country": "CO", "interests": [], "channel": "/en/news/subscribe/", **fields}
    with translation.override(given["language"]):
        ask(email=email, wording=wording.agreeing(), **given)


def the_one() -> Subscriber:
    return Subscriber.objects.get()


def mailed() -> list[tuple[str, str, str]]:
    return list(Message.objects.order_by("pk").values_list("kind", "to_address", "language"))


def log() -> list[tuple[bool, str, str, str]]:
    return list(ConsentRecord.objects.order_by("pk").values_list("given", "wording", "language", "channel"))


def test_asking_makes_a_row_that_gets_nothing_yet_and_one_mail_with_a_question():
    for slug in ("energy-systems", "mobility-transport"):
        term("emission-domain", slug)
    asks(language="fr", interests=["mobility-transport", "unheard-of"])
    found = the_one()
    assert (found.state, found.email, found.language, found.country) == ("asked", EMAIL, "fr", "CO")
    assert [one.slug for one in found.interests.all()] == ["mobility-transport"]
    assert mailed() == [("newsletter-confirm", EMAIL, "fr")]
    # Nobody has shown yet that the address is theirs, so nobody has agreed to anything.
    assert (log(), list(Subscriber.objects.confirmed())) == ([], [])


def test_confirming_logs_the_sentence_that_stood_in_the_form_with_version_language_and_form():
    asks()
    confirm(subscriber_id=the_one().pk)
    assert (the_one().state, the_one().wording) == ("confirmed", {})
    sentence = "Send me the GKEC newsletter by e-mail. I can end this at any time with a link in each mail."
    assert log() == [(True, sentence, "en", "/en/news/subscribe/")]
    record = ConsentRecord.objects.get()
    assert (record.purpose, record.wording_version, record.email_hash) == ("newsletter", "1", address_hash(EMAIL))


def test_confirming_twice_is_one_consent():
    asks()
    assert confirm(subscriber_id=the_one().pk).confirmed_at == confirm(subscriber_id=the_one().pk).confirmed_at
    assert len(log()) == 1


def test_who_asks_again_within_the_hour_gets_one_mail_and_the_newest_choice_counts():
    asks()
    asks("ANA@city.example", language="es")
    assert (the_one().language, len(mailed())) == ("es", 1)


def test_who_asks_again_after_an_hour_gets_another_mail():
    asks()
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        asks()
    assert mailed() == [("newsletter-confirm", EMAIL, "en")] * 2


@pytest.mark.parametrize(("email", "sent_to"), [(EMAIL, EMAIL), ("Ana@Bücher.example", "Ana@xn--bcher-kva.example")])
def test_an_address_gets_three_questions_a_week_and_no_more(email, sent_to):
    now = clock.now()
    for hours in range(0, 100, 2):
        with time_machine.travel(now + timedelta(hours=hours)):
            asks(email)
    assert mailed() == [("newsletter-confirm", sent_to, "en")] * 3
    with time_machine.travel(now + timedelta(days=7, hours=1)):
        asks(email)
    assert len(mailed()) == 4


def test_a_reader_is_told_once_a_day_that_they_are_one():
    make.subscriber(EMAIL)
    for hour in range(9, 20):
        with time_machine.travel(f"2026-11-22T{hour:02}:00:00Z"):
            asks()
    assert mailed() == [("newsletter-known", EMAIL, "en")]


def test_a_stranger_who_asks_for_a_confirmed_address_changes_nothing_and_its_owner_is_told_once():
    make.subscriber(EMAIL, language="fr", country="FR", interests=["energy-systems"])
    before = Subscriber.objects.values().get()
    asks(language="es", interests=["mobility-transport"])
    asks(language="es")
    assert Subscriber.objects.values().get() == before
    assert [one.slug for one in the_one().interests.all()] == ["energy-systems"]
    assert mailed() == [("newsletter-known", EMAIL, "es")]


def test_leaving_logs_that_the_consent_is_withdrawn_and_leaving_twice_changes_nothing():
    subscriber = make.subscriber(EMAIL)
    for why in (LeftWhy.ONE_CLICK, LeftWhy.LINK):
        leave(subscriber_id=subscriber.pk, why=why, channel="List-Unsubscribe")
    assert (the_one().state, the_one().left_why) == ("left", "one-click")
    assert log() == [(False, "Do not send me the GKEC newsletter any more.", "en", "List-Unsubscribe")]


def test_who_never_confirmed_and_says_no_leaves_no_consent_behind():
    asks()
    leave(subscriber_id=the_one().pk, why=LeftWhy.LINK, channel="/news/unsubscribe/")
    assert (the_one().state, the_one().wording, log()) == ("left", {}, [])


def test_who_left_can_come_back_within_the_hour_but_an_old_mail_does_not_bring_them_back():
    asks()
    subscriber = confirm(subscriber_id=the_one().pk)
    leave(subscriber_id=subscriber.pk, why=LeftWhy.LINK, channel="/news/unsubscribe/")
    with pytest.raises(NotAsked):
        confirm(subscriber_id=subscriber.pk)
    asks()
    assert (the_one().state, the_one().left_at, the_one().left_why) == ("asked", None, "")
    assert mailed() == [("newsletter-confirm", EMAIL, "en")] * 2
    confirm(subscriber_id=subscriber.pk)
    assert [given for given, *_ in log()] == [True, False, True]


def test_preferences_change_for_subscribers_only():
    term("emission-domain", "energy-systems")
    subscriber = make.subscriber(EMAIL, interests=["mobility-transport"])
    change_preferences(subscriber_id=subscriber.pk, language="ar", country="EG", interests=["energy-systems"])
    found = the_one()
    assert (found.language, found.country, [one.slug for one in found.interests.all()]) == (
        "ar",
        "EG",
        ["energy-systems"],
    )
    leave(subscriber_id=subscriber.pk, why=LeftWhy.LINK, channel="/news/unsubscribe/")
    with pytest.raises(NotSubscribed):
        change_preferences(subscriber_id=subscriber.pk, language="fr", country="", interests=[])


def test_a_subscription_belongs_to_the_account_whose_verified_address_it_is():
    person = PersonFactory(email=EMAIL)
    subscriber = make.subscriber(EMAIL)
    other = make.subscriber("other@city.example")
    claim_subscription(person=person, address="Ana@City.example")
    subscriber.refresh_from_db()
    other.refresh_from_db()
    assert (subscriber.person, other.person) == (person, None)


def test_the_mail_that_confirms_makes_no_sense_once_the_answer_is_known():
    asks()
    message = Message.objects.get()
    assert mails.question(message).context["button"]["label"] == "Subscribe"
    confirm(subscriber_id=the_one().pk)
    with pytest.raises(NoLongerMakesSense):
        mails.question(message)


def test_readers_are_found_by_topic_and_language_and_no_topic_means_all():
    everything = make.subscriber(language="fr")
    energy = make.subscriber(interests=["energy-systems"])
    both = make.subscriber(interests=["energy-systems", "mobility-transport"])
    make.subscriber(state=SubscriberState.ASKED)
    readers = Subscriber.objects.confirmed()
    assert set(readers.interested_in(["energy-systems"])) == {everything, energy, both}
    assert set(readers.interested_in(["mobility-transport"])) == {everything, both}
    assert set(readers.reading("fr")) == {everything}


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "asleep"},
        {"state": "asked"},
        {"confirmed_at": None},
        {"state": "left"},
        {"left_why": "link"},
        {"email": ""},
        {"language": "english"},
        {"state": "asked", "confirmed_at": None, "wording": {"text": "Yes"}},
        {"state": "left", "left_at": clock.now(), "left_why": "whim"},
    ],
)
def test_the_database_refuses_a_subscription_that_contradicts_itself(fields):
    subscriber = make.subscriber(EMAIL)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscriber.objects.filter(pk=subscriber.pk).update(**fields)
