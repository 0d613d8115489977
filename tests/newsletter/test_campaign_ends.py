"""A campaign whose last message has left ends as sent, whatever staff press afterwards."""

import pytest

from mail.models import Mailing
from newsletter import campaign_errors as errors
from newsletter.models import Campaign
from newsletter.services import (
    advance_campaigns,
    cancel_campaign,
    pause_campaign,
    prepare_campaign,
    resume_campaign,
    start_campaign,
)
from newsletter.services.books import Books, books
from tests.factories import newsletter as make
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_server")]


@pytest.fixture
def campaign(settings) -> Campaign:
    settings.EVENT_UNDO_SECONDS = 0
    make.subscriber("a@city.example")
    return start_campaign(campaign_id=prepare_campaign(issue=make.issue().translation_key).pk)


@pytest.mark.parametrize("change", [pause_campaign, resume_campaign, cancel_campaign])
def test_before_the_sweep_has_seen_it_what_has_left_is_not_decided_about(campaign, change):
    deliver_all("bulk")
    with pytest.raises(errors.CampaignNotUnderWay):
        change(campaign_id=campaign.pk)
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert (campaign.state, books(campaign)) == ("sent", Books(audience=1, accepted=1))


def test_a_pause_that_held_nothing_ends_as_sent_and_lets_the_next_campaign_begin(campaign):
    pause_campaign(campaign_id=campaign.pk)
    # A group that was begun when the pause came still leaves.
    Mailing.objects.update(paused_at=None)
    deliver_all("bulk")
    with pytest.raises(errors.CampaignNotUnderWay):
        cancel_campaign(campaign_id=campaign.pk)
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_at, campaign.closing) == ("sent", None, {"accepted": 1})
    assert Mailing.objects.get().paused_at is None
    make.subscriber("late@city.example")
    assert start_campaign(campaign_id=prepare_campaign(issue=campaign.issue).pk).state == "frozen"


def test_a_pause_that_holds_something_does_not_end(campaign):
    pause_campaign(campaign_id=campaign.pk)
    assert advance_campaigns() == 0
    campaign.refresh_from_db()
    assert campaign.state == "paused"
