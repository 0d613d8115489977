"""Somebody is erased while a campaign is being frozen; with a control that takes the lock away and goes wrong."""

import pytest

from accounts.enums import Channel
from accounts.services import erase, subject_for
from mail.models import Message
from mail.services import mailings
from newsletter.models import Subscriber
from newsletter.services import prepare_campaign, rowlock, start_campaign
from tests.factories import newsletter as make
from tests.races.meeting import Later, meet_after

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "ana@city.example"


def addresses_after(at_once, monkeypatch) -> list[str]:
    """Erase a reader between the reading of a campaign's audience and its commit; return whom its messages name."""
    make.subscriber(EMAIL)
    campaign = prepare_campaign(issue=make.issue().translation_key)
    subject, _person = subject_for(email=EMAIL)
    meet_after(monkeypatch, mailings, "freeze")
    answers = at_once(
        [
            lambda: start_campaign(campaign_id=campaign.pk),
            Later(lambda: erase(subject=subject, channel=Channel.STAFF)),
        ]
    )
    assert [one for one in answers if isinstance(one, Exception)] == []
    assert not Subscriber.objects.exists()
    return list(Message.objects.values_list("to_address", flat=True))


def test_who_is_erased_while_a_campaign_is_frozen_stands_in_no_message(at_once, monkeypatch):
    [address] = addresses_after(at_once, monkeypatch)
    assert address != EMAIL


def test_without_the_lock_the_address_would_stay(at_once, monkeypatch):
    monkeypatch.setattr(rowlock, "before_erasing", lambda: None)
    assert addresses_after(at_once, monkeypatch) == [EMAIL]
