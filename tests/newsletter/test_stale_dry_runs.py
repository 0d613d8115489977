"""A dry run whose campaign somebody else starts, and holds, between the look at the draft and the press of the button."""

import pytest
from django.urls import reverse

from mail.models import Message
from newsletter import services
from newsletter.campaign_errors import CampaignFrozen
from newsletter.models import Campaign
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body, draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.mark.parametrize(
    ("held_by", "status", "state"),
    [("pause_campaign", 409, "paused"), ("cancel_campaign", 409, "cancelled"), (None, 302, "frozen")],
)
def test_who_comes_second_is_told_that_it_leaves_only_if_it_does(client, monkeypatch, held_by, status, state):
    campaign = draft(make.issue())
    make.subscriber()
    editor = accounts.sign_in(client, accounts.editor())
    start = services.start_campaign

    def second(**asked):
        start(campaign_id=campaign.pk)
        if held_by:
            getattr(services, held_by)(campaign_id=campaign.pk)
        return start(**asked)

    monkeypatch.setattr(services, "start_campaign", second)
    answer = editor.post(reverse("campaigns:start", args=[campaign.pk]))
    assert (answer.status_code, str(CampaignFrozen.sentence) in body(answer)) == (status, status == 409)
    assert (Campaign.objects.get().state, Message.objects.count()) == (state, 1)
    shown = body(editor.get(reverse("campaigns:inspect", args=[campaign.pk])))
    assert ("The campaign leaves soon." in shown) == (status == 302)
