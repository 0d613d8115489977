"""Discarding a campaign: a draft alone, and whoever comes to it afterwards is led to the list."""

import pytest
from django.utils.functional import cached_property

from mail.models import Message
from newsletter.admin.campaign_acts import OfCampaign
from newsletter.models import Campaign
from newsletter.services import prepare_campaign
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body, started, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time", "issue_made")]


def test_a_draft_is_discarded_and_a_started_one_is_not(editor, campaign, time):
    other = prepare_campaign(issue=campaign.issue)
    editor.post(url("discard", other.pk))
    started(campaign, time)
    editor.post(url("discard", campaign.pk))
    assert list(Campaign.objects.all()) == [campaign]
    answer = editor.post(url("audience", campaign.pk), {"languages": ["en"]}, follow=True)
    assert answer.redirect_chain == [(url("inspect", campaign.pk), 302)]
    assert "This campaign has been started, so its audience stays as it is." in body(answer)
    assert editor.get(url("audience", campaign.pk))["Location"] == url("inspect", campaign.pk)
    campaign.refresh_from_db()
    assert campaign.audience["languages"] == []


@pytest.mark.parametrize("act", ["start", "discard", "audience", "test"])
def test_who_is_late_for_a_draft_that_somebody_discards_is_led_to_the_list(editor, campaign, monkeypatch, act):
    make.subscriber()
    read = OfCampaign.campaign.func

    def discarded_once_read(view: OfCampaign) -> Campaign:
        found = read(view)
        Campaign.objects.filter(pk=found.pk).delete()
        return found

    once_read = cached_property(discarded_once_read)
    once_read.__set_name__(OfCampaign, "campaign")
    monkeypatch.setattr(OfCampaign, "campaign", once_read)
    answer = editor.post(url(act, campaign.pk), {"languages": ["en"], "to": "ana@city.example"}, follow=True)
    assert answer.redirect_chain == [(url("index"), 302)]
    assert "This campaign has been discarded meanwhile." in body(answer)
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("method", "door"),
    [
        *(("get", door) for door in ("inspect", "audience", "test", "start", "pause", "resume", "cancel", "discard")),
        *(("post", door) for door in ("audience", "test", "start", "pause", "resume", "cancel", "discard")),
    ],
)
def test_an_old_address_of_a_discarded_campaign_leads_to_the_list(editor, campaign, method, door):
    editor.post(url("discard", campaign.pk))
    typed = {"languages": ["en"], "to": "ana@city.example"} if method == "post" else {}
    answer = getattr(editor, method)(url(door, campaign.pk), typed, follow=True)
    assert answer.redirect_chain == [(url("index"), 302)]
    assert body(answer).count("This campaign has been discarded meanwhile.") == 1


def test_a_discarded_campaign_has_no_sample(editor, campaign):
    editor.post(url("discard", campaign.pk))
    assert editor.get(url("sample", campaign.pk, "en")).status_code == 404
