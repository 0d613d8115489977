"""A section whose app came later: the placeholder becomes its page, with address, links and history."""

import pytest
from django.test import Client

from home.models import SectionPage
from home.services import found_site, founding
from newsletter.models import NewsletterIndexPage

pytestmark = pytest.mark.django_db


def test_a_placeholder_becomes_the_section_that_an_app_has_brought_since(client: Client, monkeypatch) -> None:
    types = dict(founding.PAGE_TYPES)
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
