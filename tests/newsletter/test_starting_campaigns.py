"""Starting a campaign: its dry run shows who would get what and when, and what cannot start says why."""

import re
from urllib.parse import urlencode

import pytest
from django.utils.html import escape
from wagtail.users.models import UserProfile

from mail import rehearsal
from mail.admin.message import frame_policy
from mail.models import Message
from mail.services import suppress
from newsletter.rehearsing import CampaignAudience
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body, looked_at, rows, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time", "issue_made")]


def test_the_dry_run_counts_a_suppressed_address_of_an_international_domain(editor, campaign):
    make.subscriber("ana@bücher.example")
    suppress(address="ana@xn--bcher-kva.example", reason="complained")
    assert rehearsal.rehearse(CampaignAudience(campaign)).stopped == 1


@pytest.mark.parametrize("state", ["frozen", "cancelled"])
def test_a_stale_dry_run_says_nothing_of_leaving(editor, campaign, state):
    make.subscriber()
    editor.post(url("start", campaign.pk), looked_at(campaign))
    if state == "cancelled":
        editor.post(url("cancel", campaign.pk))
    editor.get(url("inspect", campaign.pk))
    answer = editor.post(url("start", campaign.pk), follow=True)
    assert answer.redirect_chain == [(url("inspect", campaign.pk), 302)]
    assert "The campaign leaves soon" not in body(answer)


def test_the_dry_run_shows_each_language_and_starts(editor, page, campaign):
    make.translated(page, "fr", subject="Dix villes")
    make.subscriber(language="fr")
    answer = editor.get(url("start", campaign.pk))
    shown = body(answer)
    assert rows(answer) == [["français", "français", "1"]]
    assert re.findall(r'<summary><span lang="(\w+)" dir="ltr">.*?</span> \((\d+)\)</summary>', shown) == [("fr", "1")]
    for words in ("1 person would get this.", "Dix villes", "The first message would leave at 2026-11-22 09:02 UTC."):
        assert words in shown
    sample = editor.get(url("sample", campaign.pk, "fr"))
    assert sample["Content-Security-Policy"] == frame_policy()
    assert editor.get(url("sample", campaign.pk, "xx")).status_code == 404
    answer = editor.post(url("start", campaign.pk), looked_at(campaign), follow=True)
    assert answer.redirect_chain == [(url("inspect", campaign.pk), 302)]
    assert "The campaign leaves soon. Until then all of it can be taken back." in body(answer)
    campaign.refresh_from_db()
    assert (campaign.state, Message.objects.count()) == ("frozen", 1)
    assert editor.get(url("start", campaign.pk))["Location"] == url("inspect", campaign.pk)


def test_the_words_of_each_language_lead_to_pages_of_that_language(page, campaign):
    other = make.issue(title="Heat", slug="heat")
    make.translated(other, "fr", slug="chaleur")
    page.body = [("text", {"heading": "", "text": f'<p><a linktype="page" id="{other.pk}">Read</a></p>'})]
    page.save()
    found = {one.language: one.content.text for one in rehearsal.rehearse(CampaignAudience(campaign)).samples}
    led = {code: re.search(r"Read \(.*?(/\w+/news/\w+/)\)", words).group(1) for code, words in found.items()}
    assert led == {
        "en": "/en/news/heat/",
        "fr": "/fr/news/chaleur/",
        **dict.fromkeys(["es", "pt", "ar"], "/en/news/heat/"),
    }


def test_a_campaign_leaves_at_the_moment_that_staff_chose(editor, campaign):
    make.subscriber()
    address = f"{url('start', campaign.pk)}?at=2026-11-23T08:30"
    assert "The first message would leave at 2026-11-23 08:30 UTC." in body(editor.get(address))
    shown = body(editor.post(address, looked_at(campaign), follow=True))
    assert "The campaign leaves at 2026-11-23 08:30 UTC. Until then all of it can be taken back." in shown
    campaign.refresh_from_db()
    assert f"{campaign.starts_at:%Y-%m-%d %H:%M}" == "2026-11-23 08:30"
    assert "Nothing leaves before 2026-11-23 08:30:00 UTC." in body(editor.get(url("inspect", campaign.pk)))


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("2027-03-28T02:30", "couldn’t be interpreted in time zone Europe/Brussels"),
        ("2027-10-31T02:30", "couldn’t be interpreted in time zone Europe/Brussels"),
        ("tomorrow", "Enter a valid date/time."),
        ("2026-11-22T07:00", "This moment has passed."),
        ("9999-12-31T23:59", "Choose a year between 2000 and 2100."),
        ("0001-01-01T00:00", "Choose a year between 2000 and 2100."),
    ],
)
def test_a_moment_that_cannot_be_meant_is_refused_and_nothing_leaves(client, campaign, at, sentence):
    person = accounts.editor()
    UserProfile.get_for_user(person)
    UserProfile.objects.update(current_time_zone="Europe/Brussels")
    editor = accounts.sign_in(client, person)
    make.subscriber()
    address = f"{url('start', campaign.pk)}?at={at}"
    for answer in (editor.get(address), editor.post(address)):
        assert answer["Location"].split("?")[0] == url("inspect", campaign.pk)
    shown = body(editor.get(url("inspect", campaign.pk)))
    assert (sentence in shown, Message.objects.count()) == (True, 0)
    campaign.refresh_from_db()
    assert campaign.state == "draft"


@pytest.mark.parametrize("at", ["2026-11-22T07:00", 'to"><b>'])
def test_a_moment_that_was_refused_comes_back_into_its_field(editor, campaign, at):
    make.subscriber()
    answer = editor.get(f"{url('start', campaign.pk)}?{urlencode({'at': at})}", follow=True)
    assert answer.redirect_chain == [(f"{url('inspect', campaign.pk)}?{urlencode({'at': at})}", 302)]
    assert re.search(rf'<input[^>]*name="at"[^>]*value="{re.escape(escape(at))}"', body(answer))


def test_what_cannot_start_says_why(editor, page, campaign):
    answer = editor.post(url("start", campaign.pk), looked_at(campaign))
    assert (answer.status_code, "Nobody would get this: choose a wider audience." in body(answer)) == (409, True)
    page.unpublish()
    assert editor.get(url("start", campaign.pk)).status_code == 404
    assert editor.post(url("start", campaign.pk))["Location"] == url("inspect", campaign.pk)
    shown = body(editor.get(url("inspect", campaign.pk)))
    assert shown.count("This issue is not published in any language. Publish it first.") == 2
    assert "Continue to the dry run" not in shown
