"""Somebody erased while a campaign is being frozen is in no outbox afterwards; with a control without the lock."""

import threading

import pytest

from accounts.enums import Channel
from accounts.services import erase, subject_for
from mail.models import Message
from mail.services import mailings
from newsletter.models import Subscriber
from newsletter.services import freezelock, prepare_campaign, start_campaign
from tests.factories import newsletter as make
from tests.races.conftest import at_once

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
EMAIL = "ana@city.example"
# So long an erasure that waits for nobody has time to end before the freeze is committed.
PAUSE = 1.0


def erased_while_frozen(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Erase a reader between the reading of the audience and its commit; return whom the outbox then names."""
    is_read, is_erased = threading.Event(), threading.Event()
    freeze = mailings.freeze

    def slowly(**fields):
        made = freeze(**fields)
        is_read.set()
        is_erased.wait(PAUSE)
        return made

    def erase_ana() -> None:
        is_read.wait(20)
        subject, _person = subject_for(email=EMAIL)
        erase(subject=subject, channel=Channel.STAFF)
        is_erased.set()

    make.subscriber(EMAIL)
    make.subscriber("other@city.example")
    campaign = prepare_campaign(issue=make.issue().translation_key)
    monkeypatch.setattr(mailings, "freeze", slowly)
    answers = at_once([lambda: start_campaign(campaign_id=campaign.pk).state, erase_ana])
    assert answers == ["frozen", None]
    assert list(Subscriber.objects.values_list("email", flat=True)) == ["other@city.example"]
    return set(Message.objects.values_list("to_address", flat=True))


def test_an_erasure_waits_for_the_freeze_and_finds_its_messages(monkeypatch):
    names = erased_while_frozen(monkeypatch)
    assert len(names) == 2
    assert EMAIL not in names


def test_control_without_the_lock_the_address_stays_in_the_outbox(monkeypatch):
    monkeypatch.setattr(freezelock, "hold_off_erasures", lambda: None)
    assert EMAIL in erased_while_frozen(monkeypatch)
