"""Where the cards and texts of an issue lead, in mail and archive: only to what everybody can read."""

import re

import pytest
from django.test import override_settings
from django.utils import translation
from wagtail.models import PageViewRestriction

from newsletter import rendering
from newsletter.models import NewsletterPage
from tests.factories import newsletter as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _base():
    with override_settings(BASE_URL="https://gkec.example"):
        yield


def closed(page: NewsletterPage) -> NewsletterPage:
    """Return a page that only those who are signed in may read."""
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    return page


@pytest.mark.parametrize("reader", ["en", "fr", "ar"])
@pytest.mark.parametrize("hindered", ["closed", "draft"])
@pytest.mark.parametrize("chosen", ["source", "translation"])
def test_a_card_leads_to_the_version_that_everybody_can_read(client, reader, hindered, chosen):
    source = make.issue(title="In English", live=hindered == "closed" or chosen == "translation")
    french = make.translated(source, "fr", title="En français")
    theirs = source if chosen == "source" else french
    theirs.live = hindered == "closed"
    theirs.save()
    if hindered == "closed":
        closed(theirs)
    page = make.issue(body=[("cards", {"heading": "", "pages": [{"page": theirs, "text": ""}]})])
    left = ("En français", "fr") if chosen == "source" else ("In English", "en")
    with translation.override(reader):
        [card] = rendering.write(page, reader).context["parts"][0]["said"]["cards"]
        assert (card["title"], card["language"]) == left
        assert rendering.left_out(page, reader) == []
    assert left[0] in client.get(f"{page.get_url()}?uncached=1").content.decode()


def test_a_card_leads_to_a_copy_that_keeps_in_step_unless_its_source_is_closed():
    source = make.issue(title="Source")
    copy = source.create_alias(update_slug="copy")
    assert copy.translation_key != source.translation_key
    page = make.issue(body=[("cards", {"heading": "", "pages": [{"page": copy, "text": ""}]})])
    [card] = rendering.write(page, "en").context["parts"][0]["said"]["cards"]
    assert card["url"].endswith("/copy/")
    closed(source)
    assert rendering.left_out(page, "en") != []


def test_a_card_without_words_of_its_own_shows_the_pages_description_or_else_its_summary(client):
    summed, described, plain = (
        make.issue(title=title, summary=f"Summary of {title}.", search_description=description)
        for title, description in (("One", ""), ("Two", "Found by search."), ("Three", ""))
    )
    cards = [{"page": page, "text": ""} for page in (summed, described)] + [{"page": plain, "text": "Our words."}]
    page = make.issue(body=[("cards", {"heading": "", "pages": cards})])
    said = rendering.write(page, "en").context["parts"][0]["said"]["cards"]
    words_of_cards = ["Summary of One.", "Found by search.", "Our words."]
    assert [card["text"] for card in said] == words_of_cards
    shown = client.get(page.get_url()).content.decode()
    assert re.findall(r'<p class="card__text"[^>]*><span dir="auto">(.*?)</span></p>', shown) == words_of_cards


@pytest.mark.parametrize("hindered", ["closed", "draft"])
def test_a_link_in_a_text_to_a_page_that_not_everybody_can_read_keeps_its_words_alone(hindered):
    secret, public = make.issue(title="Secret", live=hindered == "closed"), make.issue(title="Public", slug="open")
    if hindered == "closed":
        closed(secret)
    words_of_text = "".join(
        f'<p><a linktype="page" id="{page.pk}">To {page.title}</a></p>' for page in (secret, public)
    )
    page = make.issue(body=[("text", {"heading": "", "text": words_of_text})])
    said = rendering.write(page, "en").context["parts"][0]["said"]
    assert said["html"] == (
        '<p dir="auto" style="margin:0 0 12px">To Secret</p><p dir="auto" style="margin:0 0 12px">'
        '<a href="https://gkec.example/en/news/open/">To Public</a></p>'
    )
    assert said["plain"] == "To Secret\n\nTo Public (https://gkec.example/en/news/open/)"
    assert rendering.left_out(page, "en") == ["Secret"]


@pytest.mark.parametrize("number", [1, 3])
def test_the_links_of_a_mail_cost_the_same_for_one_text_and_for_three(number, django_assert_num_queries):
    pages = [make.issue() for _ in range(number)]
    body = [("text", {"heading": "", "text": f'<p><a linktype="page" id="{page.pk}">x</a></p>'}) for page in pages]
    page = NewsletterPage.objects.get(pk=make.issue(body=body).pk)
    rendering.write(page, "en")
    page = NewsletterPage.objects.get(pk=page.pk)
    with django_assert_num_queries(3):
        parts = rendering.write(page, "en").context["parts"]
    assert sum("href=" in part["said"]["html"] for part in parts) == number
