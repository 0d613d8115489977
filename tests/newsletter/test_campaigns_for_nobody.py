"""A campaign that would reach nobody says why, on its page and in its dry run."""

import pytest
from django.urls import reverse

from accounts.services import ensure_groups
from newsletter.services import advance_campaigns, prepare_campaign, start_campaign
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import after_the_window, body

pytestmark = pytest.mark.django_db
SERVED = "Everybody in this audience has this issue from another campaign."


def test_a_draft_for_nobody_says_why(client, time):
    ensure_groups()
    issue = make.issue(title="Ten cities", subject="Ten cities, one budget", number=7).translation_key
    editor = accounts.sign_in(client, accounts.editor())
    first = prepare_campaign(issue=issue)

    def shown(door: str, campaign) -> str:
        return body(editor.get(reverse(f"campaigns:{door}", args=[campaign.pk])))

    assert "0 people would get this. No confirmed subscriber fits this audience." in shown("inspect", first)
    assert "<p>No confirmed subscriber fits this audience.</p>" in shown("start", first)
    make.subscriber("ana@city.example")
    start_campaign(campaign_id=first.pk)
    after_the_window(time)
    advance_campaigns()
    again, elsewhere = prepare_campaign(issue=issue), prepare_campaign(issue=issue, audience={"languages": ["pt"]})
    assert f"0 people would get this. {SERVED}" in shown("inspect", again)
    assert f"<p>{SERVED}</p>" in shown("start", again)
    assert "0 people would get this. No confirmed subscriber fits this audience." in shown("inspect", elsewhere)
    make.subscriber("new@city.example")
    said = shown("inspect", again)
    assert ("1 person would get this." in said, SERVED in said) == (True, False)
