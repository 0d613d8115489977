"""What is told of campaigns that somebody forgot, and of those that do not move."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock, health
from newsletter import diagnoses
from newsletter.models import Campaign
from newsletter.services import advance_campaigns, pause_campaign, prepare_campaign, resume_campaign, start_campaign
from tests.factories import newsletter as make
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.fixture
def campaign(time) -> Campaign:
    """Return a campaign to two readers that leaves by now."""
    for _ in range(2):
        make.subscriber()
    found = start_campaign(campaign_id=prepare_campaign(issue=make.issue(title="Ten % cities").translation_key).pk)
    time.shift(timedelta(minutes=2))
    return found


def told(check) -> list[tuple[str, str]]:
    return [(one.sentence, one.url) for one in check()]


def test_a_campaign_that_stays_paused_for_a_day_is_told_until_it_goes_on(campaign, time):
    pause_campaign(campaign_id=campaign.pk)
    time.shift(timedelta(hours=24))
    assert told(diagnoses.paused) == []
    time.shift(timedelta(seconds=1))
    sentence = "The campaign “\u2068Ten % cities\u2069” has been paused since 2026-11-22 09:02:00."
    assert told(diagnoses.paused) == [(sentence, reverse("campaigns:inspect", args=[campaign.pk]))]
    # What is paused does not stand still by mistake.
    assert told(diagnoses.still) == []
    resume_campaign(campaign_id=campaign.pk)
    assert (told(diagnoses.paused), told(diagnoses.still)) == ([], [])


def test_a_campaign_of_which_nothing_leaves_is_told(campaign, time, mail_server):
    time.shift(timedelta(minutes=15))
    assert told(diagnoses.still) == []
    time.shift(timedelta(seconds=1))
    [(sentence, address)] = told(diagnoses.still)
    assert (
        sentence
        == "Nothing of the campaign “\u2068Ten % cities\u2069” has left for 15 minutes, though it is being sent."
    )
    assert address == reverse("campaigns:inspect", args=[campaign.pk])
    deliver_all("bulk")
    assert told(diagnoses.still) == []
    time.shift(timedelta(hours=1))
    # All of it has left, whether or not the sweep has written that down.
    assert told(diagnoses.still) == []
    advance_campaigns()
    assert told(diagnoses.still) == []


def test_one_that_moves_and_one_that_was_just_resumed_do_not_stand_still(campaign, time):
    pause_campaign(campaign_id=campaign.pk)
    time.shift(timedelta(hours=1))
    resume_campaign(campaign_id=campaign.pk)
    assert told(diagnoses.still) == []
    time.shift(timedelta(minutes=16))
    assert len(told(diagnoses.still)) == 1
    first = campaign.mailing.messages.order_by("pk").values("pk")[:1]
    campaign.mailing.messages.filter(pk__in=first).update(
        state="suppressed", reason="suppressed", finished_at=clock.now()
    )
    assert told(diagnoses.still) == []


@pytest.mark.parametrize("number", [1, 3])
def test_each_check_costs_one_statement(number, time, django_assert_num_queries):
    make.subscriber()
    for _ in range(number):
        pause_campaign(
            campaign_id=start_campaign(campaign_id=prepare_campaign(issue=make.issue().translation_key).pk).pk
        )
    time.shift(timedelta(days=2))
    with django_assert_num_queries(2):
        assert (len(told(diagnoses.paused)), told(diagnoses.still)) == (number, [])


def test_the_page_on_the_sites_health_asks_both():
    assert {"campaign-paused", "campaign-still"} <= set(health._registered)
