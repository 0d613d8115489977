"""What each recipient of an issue gets for themselves: the exact addresses, signed as before, for one statement."""

import base64

import pytest
from django.core import signing

from mail.kinds import NoLongerMakesSense
from mail.models import Message
from newsletter import tokens
from newsletter.enums import CampaignState
from newsletter.mails_to_many import own_addresses
from newsletter.models import Campaign, Subscriber
from newsletter.services import start_campaign
from tests.factories import newsletter as make
from tests.newsletter.campaigning import NOW, draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


def asked(*readers: Subscriber) -> list[Message]:
    """Return the messages of a campaign just started, in the order of their readers."""
    start_campaign(campaign_id=draft(make.issue()).pk)
    return [Message.objects.get(to_address=one.email) for one in readers]


def signed(subscriber: Subscriber, purpose: str, key: str | None = None) -> str:
    """Return a token as Django's own signer makes it."""
    packed = base64.urlsafe_b64encode(subscriber.uuid.bytes).rstrip(b"=").decode()
    return signing.Signer(key=key, salt=f"newsletter.{purpose}", sep="~").sign(packed)


@pytest.mark.parametrize("number", [1, 3])
def test_a_group_costs_one_statement_and_gives_each_the_addresses_that_django_would_sign(
    number, settings, django_assert_num_queries
):
    settings.BASE_URL = "https://gkec.example"
    readers = [make.subscriber(language=("en", "fr", "ar")[place]) for place in range(number)]
    messages = asked(*readers)
    with django_assert_num_queries(1):
        found = own_addresses(messages)
    assert found == {
        message.pk: {
            "unsubscribe_url": f"https://gkec.example/news/unsubscribe/{signed(reader, 'unsubscribe')}/",
            "preferences_url": (
                f"https://gkec.example/{reader.language}/news/preferences/{signed(reader, 'preferences')}/"
            ),
        }
        for message, reader in zip(messages, readers, strict=True)
    }


@pytest.mark.parametrize("purpose", ["preferences", "unsubscribe"])
def test_links_that_an_older_key_signed_open_their_door_and_no_others(purpose, settings):
    reader = make.subscriber()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-new-key", ["the-older-key"]
    assert tokens.sign(reader.uuid, purpose) == signed(reader, purpose, "the-new-key")
    keys = ("the-new-key", "the-older-key", "a-strangers-key")
    assert [tokens.read(signed(reader, purpose, key), purpose) for key in keys] == [reader.uuid, reader.uuid, None]
    assert tokens.read(tokens.sign(reader.uuid, purpose)[:-1], purpose) is None


def test_who_left_or_is_gone_and_a_cancelled_campaign_get_no_addresses():
    stays, left, deleted, erased, blocked = readers = [make.subscriber() for _ in range(5)]
    messages = asked(*readers)
    Subscriber.objects.filter(pk=left.pk).update(state="left", left_at=NOW, left_why="link", confirmed_at=None)
    Subscriber.objects.filter(pk=deleted.pk).delete()
    gone = {"left_at": NOW, "left_why": "staff", "confirmed_at": None}
    Subscriber.objects.filter(pk=blocked.pk).update(state="blocked", **gone)
    messages[3].params = {}
    found = own_addresses(messages)
    assert set(found) == {messages[0].pk, messages[1].pk, messages[4].pk}
    assert isinstance(found[messages[0].pk], dict)
    assert isinstance(found[messages[1].pk], NoLongerMakesSense)
    assert str(found[messages[1].pk]) == "The subscription has ended."
    assert str(found[messages[4].pk]) == "The address has been blocked."
    assert own_addresses(messages[3:4]) == {}
    Campaign.objects.update(state=CampaignState.CANCELLED, finished_at=NOW)
    assert {str(one) for one in own_addresses(messages).values()} == {"The campaign has been cancelled."}


def test_a_campaign_that_goes_on_is_not_held_up_by_another_that_was_cancelled():
    reader = make.subscriber()
    [first] = asked(reader)
    Campaign.objects.update(state=CampaignState.CANCELLED, finished_at=NOW)
    going_on = draft(make.issue())
    second = Message(pk=first.pk + 1, language="en", params={"campaign": going_on.pk, "subscriber": reader.pk})
    found = own_addresses([first, second])
    assert str(found[first.pk]) == "The campaign has been cancelled."
    assert found[second.pk]["unsubscribe_url"].endswith(f"/{signed(reader, 'unsubscribe')}/")
