"""What the page of a campaign warns of: what its readers would miss, and what has changed under it."""

import re

import pytest
from django.urls import reverse
from wagtail.models import PageViewRestriction

from accounts.services import ensure_groups
from core.models import Picture
from newsletter.models import Campaign, NewsletterPage
from newsletter.services import prepare_campaign, start_campaign
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.fixture
def editor(client):
    ensure_groups()
    return accounts.sign_in(client, accounts.editor())


@pytest.fixture
def page() -> NewsletterPage:
    return make.issue(title="Ten cities", number=7)


@pytest.fixture
def campaign(page) -> Campaign:
    return prepare_campaign(issue=page.translation_key)


def url(name: str, *args: object) -> str:
    return reverse(f"campaigns:{name}", args=args)


def test_a_draft_says_which_chosen_pages_nothing_leads_to(editor, page, campaign):
    titles = ("For partners", "A draft", "Public", "Gone")
    partners, draft, public, gone = (make.issue(title=title, live=title not in titles[1::2]) for title in titles)
    PageViewRestriction.objects.create(page=partners, restriction_type=PageViewRestriction.LOGIN)
    cards = {"heading": "To read", "pages": [{"page": one, "text": ""} for one in (draft, public)]}
    call = {"text": "Come", "label": "Join", "page": partners, "url": ""}
    links = "".join(f'<a linktype="page" id="{one.pk}">x</a>' for one in (draft, gone, public))
    page.body = [("cards", cards), ("call_to_action", call), ("text", {"heading": "", "text": f"<p>{links}</p>"})]
    page.save()
    shown = body(editor.get(url("inspect", campaign.pk)))
    found = re.findall(r"The page in <bdi>(.*?)</bdi> chooses <bdi>(.*?)</bdi>, which not everybody can read", shown)
    assert found == [("English", "A draft"), ("English", "For partners"), ("English", "Gone")]


def test_a_draft_says_that_its_issue_has_nothing_to_say(editor, page, campaign):
    french = make.translated(page, "fr")
    sentence = "The page in <bdi>{}</bdi> has nothing to say: its mail would have a title and no words."
    french.body = [("open_cohorts", {"heading": "Learn", "count": 1})]
    french.save()
    shown = body(editor.get(url("inspect", campaign.pk)))
    assert (sentence.format("English") in shown, sentence.format("français") in shown) == (False, True)
    NewsletterPage.objects.update(body=[])
    shown = body(editor.get(url("inspect", campaign.pk)))
    assert (sentence.format("English") in shown, sentence.format("français") in shown) == (True, True)


def test_a_draft_says_that_another_issue_has_its_number(editor, page, campaign):
    make.translated(page, "fr")
    other = make.issue(title="Another", number=8, live=False)
    assert "Another issue has the number" not in body(editor.get(url("inspect", campaign.pk)))
    other.number = 7
    other.save()
    shown = body(editor.get(url("inspect", campaign.pk)))
    assert "Another issue has the number 7 too: <bdi>Another</bdi>." in shown


def test_a_campaign_under_way_says_that_its_issue_is_off_the_site(editor, page, campaign):
    make.subscriber()
    start_campaign(campaign_id=campaign.pk)
    sentence = "This issue is not published in any language any more."
    assert sentence not in body(editor.get(url("inspect", campaign.pk)))
    page.unpublish()
    assert sentence in body(editor.get(url("inspect", campaign.pk)))
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    NewsletterPage.objects.update(live=True)
    assert sentence not in body(editor.get(url("inspect", campaign.pk)))
    NewsletterPage.objects.update(live=False)
    editor.post(url("cancel", campaign.pk))
    assert sentence not in body(editor.get(url("inspect", campaign.pk)))


def test_a_campaign_under_way_says_that_its_issue_is_deleted_once_no_page_is_left(editor, page, campaign):
    french = make.translated(page, "fr")
    for language in ("en", "fr"):
        make.subscriber(f"{language}@city.example", language=language)
    start_campaign(campaign_id=campaign.pk)
    deleted = "This issue has been deleted: what has not left is cancelled."
    off = "This issue is not published in any language any more."

    def said() -> tuple[bool, bool]:
        shown = body(editor.get(url("inspect", campaign.pk)))
        return deleted in shown, off in shown

    assert said() == (False, False)
    NewsletterPage.objects.update(live=False)
    assert said() == (False, True)
    french.delete()
    assert said() == (False, False)
    NewsletterPage.objects.get(pk=page.pk).delete()
    assert said() == (True, False)
    editor.post(url("cancel", campaign.pk))
    assert said() == (False, False)


def test_looking_at_a_draft_makes_no_form_of_its_pictures_and_needs_no_file(editor, page, campaign):
    picture = Picture.objects.create(title="Roof", file="gone.png", width=9, height=9)
    page.body = [("picture", {"image": picture, "alt": "Roof", "caption": ""})]
    page.save()
    sentence = "has nothing to say: its mail would have a title and no words."
    assert sentence not in body(editor.get(url("inspect", campaign.pk)))
    assert picture.renditions.count() == 0
    page.body = [("picture", {"image": None, "alt": "", "caption": "Lost."})]
    page.save()
    assert sentence in body(editor.get(url("inspect", campaign.pk)))
