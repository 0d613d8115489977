"""A new installation: home and sections in five languages, its own texts, and nothing made twice.

A section whose app came later: its placeholder becomes its page, with address, links and history.
"""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Page, Site

from core import languages, pagecache
from core.services import load_vocabularies
from home.models import HomePage, SectionPage, SiteText
from home.services import found_site, founding
from municipalities.services import load_cities
from newsletter.models import NewsletterIndexPage
from tests.factories.accounts import PersonFactory, sign_in
from tests.home.counting import statements

pytestmark = pytest.mark.django_db

SECTIONS = ["learning", "events", "knowledge", "cities", "news"]
HEADLINES = {
    "en": "Cities learn climate neutrality from each other",
    "fr": "La neutralité climatique, les villes l’apprennent les unes des autres",
    "ar": "مدن تتعلّم الحياد المناخي بعضها من بعض",
}


@pytest.fixture(scope="module", autouse=True)
def founded(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[HomePage]:
    """A new site, founded for all tests of this file."""
    with made_once():
        load_vocabularies()
        yield found_site(hostname="testserver")


def test_a_new_site_stands_in_five_languages_and_is_founded_once(client: Client, founded: HomePage) -> None:
    assert Site.objects.get().root_page_id == founded.pk
    pages = Page.objects.filter(depth__gt=1).count()
    assert pages == 5 * (1 + len(SECTIONS))
    found_site(hostname="testserver")
    assert Page.objects.filter(depth__gt=1).count() == pages
    assert [one for one in Page.find_problems() if one] == []
    assert sorted(SiteText.objects.values_list("language", flat=True)) == sorted(languages.codes())
    for code in languages.codes():
        answer = client.get(f"/{code}/")
        assert answer.status_code == 200
        assert f'<html lang="{code}" dir="{languages.direction(code)}">' in answer.content.decode()
        for slug in SECTIONS:
            assert client.get(f"/{code}/{slug}/").status_code == 200
    for code, headline in HEADLINES.items():
        assert headline in client.get(f"/{code}/").content.decode()


def test_staff_s_words_survive_a_second_founding() -> None:
    home = HomePage.objects.get(locale__language_code="fr")
    home.title = "Le titre de la rédaction"
    home.save_revision().publish()
    SiteText.objects.filter(language="es").update(organisation="Otra")
    found_site()
    assert HomePage.objects.get(locale__language_code="fr").title == "Le titre de la rédaction"
    assert SiteText.objects.get(language="es").organisation == "Otra"


def test_every_page_leads_to_its_other_languages_and_to_the_duties(client: Client) -> None:
    content = client.get("/ar/events/").content.decode()
    for code in languages.codes():
        assert f'href="/{code}/events/"' in content
        assert f'hreflang="{code}"' in content
    for name in ("privacy", "accessibility", "contact"):
        assert f'href="/ar/{name}/"' in content
        answer = client.get(f"/ar/{name}/")
        assert answer.status_code == 200
        assert answer.content.decode().count("<h1") == 1


def test_a_language_without_this_page_is_marked_as_leading_to_its_home_page(client: Client) -> None:
    for code in ("fr", "ar"):
        SectionPage.objects.get(locale__language_code=code, slug="knowledge").unpublish()
    switch = client.get("/en/knowledge/").content.decode().partition('aria-label="Languages"')[2].partition("</nav>")[0]
    leads = {
        "en": ("/en/knowledge/", ""),
        "fr": ("/fr/", " <small>page d’accueil</small>"),
        "es": ("/es/knowledge/", ""),
        "pt": ("/pt/knowledge/", ""),
        "ar": ("/ar/", " <small>الصفحة الرئيسية</small>"),
    }
    assert re.findall(r'href="([^"]+)"[^>]*>(.*?)</a>', switch) == [
        (url, f"{languages.own_name(code)}{note}") for code, (url, note) in leads.items()
    ]


def test_a_language_without_a_page_leads_to_the_section_around_it(client: Client) -> None:
    for code in ("en", "fr"):
        section = SectionPage.objects.get(locale__language_code=code, slug="knowledge")
        key = Page.objects.filter(slug="inner").values_list("translation_key", flat=True).first()
        fields = {"translation_key": key} if key else {}
        section.add_child(
            instance=SectionPage(title="Inner", slug="inner", section=section.section, locale=section.locale, **fields)
        )
    SectionPage.objects.get(locale__language_code="pt", slug="knowledge").unpublish()
    page = client.get("/en/knowledge/inner/").content.decode()
    switch = page.partition('aria-label="Languages"')[2].partition("</nav>")[0]
    leads = [
        ("en", "/en/knowledge/inner/", ""),
        ("fr", "/fr/knowledge/inner/", ""),
        ("es", "/es/knowledge/", " <small>Conocimiento</small>"),
        ("pt", "/pt/", " <small>página inicial</small>"),
        ("ar", "/ar/knowledge/", " <small>المعرفة</small>"),
    ]
    assert re.findall(r'href="([^"]+)"[^>]*>(.*?)</a>', switch) == [
        (url, f"{languages.own_name(code)}{note}") for code, url, note in leads
    ]
    # What search engines are told of are translations alone.
    assert re.findall(r'rel="alternate" hreflang="(..)"', page) == ["en", "fr"]


def test_the_list_of_texts_writes_its_moments_as_other_lists_do(client: Client) -> None:
    SiteText.objects.update(updated_at=datetime(2026, 11, 22, 23, 44, tzinfo=UTC))
    html = sign_in(client, PersonFactory(admin=True)).get(reverse("site_texts:index")).content.decode()
    assert re.findall(r"<td[^>]*>\s*(2026[^<]*?)\s*</td>", html) == ["2026-11-22 23:44"] * 5


def test_my_gkec_is_for_those_who_sign_in(client: Client) -> None:
    answer = client.get("/fr/my/")
    assert (answer.status_code, answer["Location"]) == (302, "/fr/account/login/?next=/fr/my/")
    assert "no-store" in answer["Cache-Control"]


def test_the_home_page_costs_the_same_for_one_city_and_for_eighty_five(client: Client) -> None:
    client.get("/en/")
    pagecache.purge("site")
    without = statements(lambda: client.get("/en/?uncached=1"))
    load_cities()
    assert statements(lambda: client.get("/en/?uncached=1")) == without == 10
    assert statements(lambda: client.get("/en/?uncached=1")) == 1


def test_a_placeholder_becomes_the_section_that_an_app_has_brought_since(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = dict(founding.PAGE_TYPES)
    NewsletterIndexPage.objects.all().delete()
    monkeypatch.delitem(founding.PAGE_TYPES, "news")
    found_site(hostname="testserver")
    before = set(SectionPage.objects.filter(slug="news").values_list("pk", "translation_key", "locale"))
    french = SectionPage.objects.get(slug="news", locale__language_code="fr")
    french.title = "Le titre de la rédaction"
    french.save_revision().publish()
    monkeypatch.setattr(founding, "PAGE_TYPES", types)
    found_site(hostname="testserver")
    assert set(NewsletterIndexPage.objects.values_list("pk", "translation_key", "locale")) == before
    assert len(before) == 5
    assert not SectionPage.objects.filter(slug="news").exists()
    content = client.get("/fr/news/").content.decode()
    assert "Le titre de la rédaction" in content
    page = NewsletterIndexPage.objects.get(pk=french.pk)
    assert {type(revision.as_object()) for revision in page.revisions.all()} == {NewsletterIndexPage}
