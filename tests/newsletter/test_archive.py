"""The archive and its feed: every issue once, in the reader's language or else in the best one there is."""

import re
import xml.etree.ElementTree as ET
from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from wagtail.models import PageViewRestriction

from core import routing
from newsletter.models import NewsletterIndexPage, NewsletterPage
from tests.factories import core, events
from tests.factories import newsletter as make
from tests.factories.accounts import editor, sign_in
from tests.home.counting import statements
from tests.newsletter.campaigning import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def section() -> NewsletterIndexPage:
    return make.section()


def text(answer) -> str:
    return answer.content.decode()


def titles(client: Client, language: str = "en") -> list[str]:
    context = client.get(f"/{language}/news/?uncached=1").context
    return [issue.title for issue in context["issues"]]


def feed(client: Client, language: str = "en") -> ET.Element:
    answer = client.get(f"/{language}/news/feed/")
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    return ET.fromstring(answer.content).find("channel")


def test_each_issue_stands_once_the_latest_first_in_the_best_language(client, section):
    first = make.issue(title="One", issued_on=date(2026, 1, 1))
    second = make.issue(title="Two", issued_on=date(2026, 2, 1))
    make.translated(second, "fr", title="Deux")
    make.issue(title="Draft", live=False)
    assert titles(client) == ["Two", "One"]
    assert titles(client, "fr") == ["Deux", "One"]
    french = text(client.get("/fr/news/"))
    assert f'<a href="{first.get_url()}" lang="en" dir="ltr">One</a>' in french


def test_a_private_issue_is_neither_listed_nor_fed(client, section):
    PageViewRestriction.objects.create(page=make.issue(title="Secret"), restriction_type="login")
    routing.forget()
    assert titles(client) == []
    assert feed(client).findall("item") == []


@pytest.mark.parametrize(("path", "number"), [("/en/news/?uncached=1", 3), ("/en/news/feed/", 3)])
def test_the_lists_cost_the_same_for_one_issue_and_for_three(client, section, path, number):
    def cost() -> int:
        # A new page makes the tree's roots be read anew, once.
        client.get(path)
        return statements(lambda: client.get(path))

    make.issue()
    with_one = cost()
    make.issue()
    make.issue()
    assert cost() == with_one == number


def test_an_issue_has_its_number_its_date_and_its_words(client, section):
    page = make.issue(title="Heat", number=7, issued_on=date(2026, 3, 1))
    html = text(client.get(page.get_url()))
    for said in ("Issue 7", "1 March 2026", "<h1>Heat</h1>", "Lead"):
        assert said in html, said
    assert re.search(r'>More</h2>\s*<div dir="auto"><div class="prose"[^>]*><p>Words\.</p></div>', html)


def test_pages_with_the_box_are_kept_and_set_no_cookie(section):
    page = make.issue()
    for path in ("/en/news/", page.get_url()):
        Client().get(path)
        answer = Client().get(path)
        assert (answer.status_code, answer.cookies, "csrf" in text(answer)) == (200, {}, False)
        assert 'action="/en/news/subscribe/"' in text(answer)


def test_publishing_an_issue_changes_the_kept_archive(client, section, django_capture_on_commit_callbacks):
    section.empty_text = "The first issue comes in May."
    with django_capture_on_commit_callbacks(execute=True):
        section.save_revision().publish()
    before = text(client.get("/en/news/"))
    assert (section.empty_text in before, "Fresh" in before) == (True, False)
    page = make.issue(title="Fresh", live=False)
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()
    after = text(Client().get("/en/news/"))
    assert (section.empty_text in after, "Fresh" in after) == (False, True)


def test_the_feed_has_whole_addresses_and_one_identity_for_all_languages(client, section, settings):
    settings.BASE_URL = "https://gkec.example"
    page = make.issue(title="Heat & <b>cold</b>", summary="About pipes.", issued_on=date(2026, 3, 1))
    make.translated(page, "fr", title="Chaleur")
    english, french = feed(client).find("item"), feed(client, "fr").find("item")
    assert [english.findtext(name) for name in ("title", "link", "description", "guid", "pubDate")] == [
        "Heat & <b>cold</b>",
        f"https://gkec.example{page.get_url()}",
        "About pipes.",
        f"urn:uuid:{page.translation_key}",
        "Sun, 01 Mar 2026 12:00:00 +0000",
    ]
    assert (french.findtext("title"), french.findtext("guid")) == ("Chaleur", english.findtext("guid"))


@pytest.mark.parametrize(
    ("published_at", "said"),
    [
        ("2026-11-22T07:30:00Z", "Sun, 22 Nov 2026 07:30:00 +0000"),
        ("2026-11-23T07:30:00Z", "Sun, 22 Nov 2026 12:00:00 +0000"),
        (None, "Sun, 22 Nov 2026 09:00:00 +0000"),
    ],
)
def test_an_issue_of_this_morning_is_not_dated_at_noon(client, section, published_at, said):
    with time_machine.travel(NOW, tick=False):
        page = make.issue(issued_on=date(2026, 11, 22))
        NewsletterPage.objects.filter(pk=page.pk).update(first_published_at=published_at)
        assert feed(client).find("item").findtext("pubDate") == said


@pytest.mark.parametrize("mode", ["", "mail", "phone", "dark"])
def test_editors_see_the_page_and_the_mail(section, rf, mode):
    page = make.issue(title="Heat")
    answer = page.make_preview_request(rf.get("/admin/"), mode)
    assert answer.status_code == 200
    assert "Heat" in text(answer)
    if mode:
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert ("prefers-color-scheme: dark" in text(answer)) is (mode != "dark")
        assert ("<iframe" in text(answer)) is (mode == "phone")


def test_words_of_an_editor_do_not_leave_the_frame_of_the_phone(section, rf):
    page = make.issue(title="x'><script>alert(1)</script>")
    assert "<script" not in text(page.make_preview_request(rf.get("/admin/"), "phone"))


def test_number_and_date_are_the_same_in_every_language():
    fixed = {one.field_name for one in NewsletterPage.override_translatable_fields}
    assert fixed == {"slug", "number", "issued_on"}
    assert core.page_types().count(NewsletterPage) == 1


def test_an_issue_costs_the_same_for_one_card_and_event_and_for_three(client, section):
    def cost(number: int) -> int:
        cards = [{"page": make.issue(), "text": ""} for _ in range(number)]
        page = make.issue(
            body=[
                ("cards", {"heading": "To read", "pages": cards}),
                ("coming_events", {"heading": "Soon", "count": number}),
            ]
        )
        path = f"{page.get_url()}?uncached=1"
        assert text(client.get(path)).count('class="event"') == number
        return statements(lambda: client.get(path))

    programme = events.section(section.get_parent())
    for _ in range(3):
        events.event(parent=programme)
    assert cost(1) == cost(3) == 7


def test_an_editor_writes_an_issue(client, section):
    sign_in(client, editor())
    form = client.get(reverse("wagtailadmin_pages:add", args=["newsletter", "newsletterpage", section.pk]))
    assert form.status_code == 200
    for name in ("lead", "text", "picture", "cards", "coming_events", "open_cohorts", "call_to_action"):
        assert f"&quot;{name}&quot;" in text(form) or f'"{name}"' in text(form), name
    for mode in ("Mail on a phone", "Mail, dark"):
        assert mode in text(form), mode
    # The page of an issue shows no summary: it begins with the lead.
    assert "shown in the archive, in the feed and by search engines. The issue begins with its lead." in text(form)
    assert "shown under the title" not in text(form)


def test_what_a_word_processor_left_in_a_title_does_not_break_the_feed(client, section):
    make.issue(title="Ten\x0bcities", summary="Heat\x1f plans")
    answer = client.get("/en/news/feed/")
    item = ET.fromstring(answer.content).find("channel/item")
    assert (answer.status_code, item.findtext("title"), item.findtext("description")) == (
        200,
        "Tencities",
        "Heat plans",
    )
