"""A dry run whose campaign somebody else starts, and holds, between the look at the draft and the press of the button."""

from html import unescape

import pytest
from django.urls import reverse

from mail.models import Message
from newsletter import services
from newsletter.campaign_errors import CampaignFrozen, RehearsedOtherwise
from newsletter.models import Campaign, NewsletterPage
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body, draft, looked_at

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
    answer = editor.post(reverse("campaigns:start", args=[campaign.pk]), looked_at(campaign))
    assert (answer.status_code, str(CampaignFrozen.sentence) in body(answer)) == (status, status == 409)
    assert (Campaign.objects.get().state, Message.objects.count()) == (state, 1)
    shown = body(editor.get(reverse("campaigns:inspect", args=[campaign.pk])))
    assert ("The campaign leaves soon." in shown) == (status == 302)


def wider(campaign: Campaign) -> None:
    """Do what somebody may who cannot send: give the campaign another audience."""
    services.change_campaign(campaign_id=campaign.pk, audience={"languages": ["en", "fr"]})


def rewritten(campaign: Campaign) -> None:
    """Publish other words of the issue."""
    page = NewsletterPage.objects.get(translation_key=campaign.issue)
    page.subject = "Eleven cities"
    page.save_revision().publish()


@pytest.mark.parametrize("change", [wider, rewritten])
def test_what_was_changed_after_the_dry_run_is_not_sent_before_somebody_looks_again(client, change):
    campaign = draft(make.issue(), languages=["en"])
    for language in ("en", "fr"):
        make.subscriber(language=language)
    editor = accounts.sign_in(client, accounts.editor())
    door = reverse("campaigns:start", args=[campaign.pk])
    shown = {"seen": editor.get(door).context["mark"]}
    change(campaign)
    answer = editor.post(door, shown)
    assert (answer.status_code, str(RehearsedOtherwise.sentence) in unescape(body(answer))) == (409, True)
    campaign.refresh_from_db()
    assert (campaign.state, Message.objects.count()) == ("draft", 0)
    assert f'<input type="hidden" name="seen" value="{answer.context["mark"]}">' in body(answer)
    assert editor.post(door, {"seen": answer.context["mark"]}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.state, Message.objects.count()) == ("frozen", 2 if change is wider else 1)


def test_a_button_pressed_without_any_dry_run_sends_nothing(client):
    campaign = draft(make.issue())
    make.subscriber()
    editor = accounts.sign_in(client, accounts.editor())
    assert editor.post(reverse("campaigns:start", args=[campaign.pk])).status_code == 409
    assert (Campaign.objects.get().state, Message.objects.count()) == ("draft", 0)
