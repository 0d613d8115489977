"""The texts of the site in the admin: editors write them, and pages and mails say the new words at once."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import rich_text

from accounts import roles
from core import kept
from home.models import SiteText
from home.services import found_site
from mail import rendering
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

STATEMENT = "Funded by the European Union under grant 101299999."
RICH = ("privacy", "accessibility", "contact")
NOTICE = {"subject": "A subject", "heading": "A heading", "paragraphs": ["Words."], "reason": "You asked for it."}


@pytest.fixture(scope="module", autouse=True)
def founded(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A new site with its texts, founded for all tests of this file."""
    with made_once():
        found_site(hostname="testserver")
        yield


def address() -> str:
    return reverse("site_texts:edit", args=[SiteText.objects.get(language="en").pk])


def given(**changes: str) -> dict[str, Any]:
    """Return what a browser posts from the form, but for some fields."""
    texts = SiteText.objects.get(language="en")
    plain = {name: getattr(texts, name) for name in ("organisation", "tagline", "funding_statement")}
    said = {**plain, **{name: getattr(texts, name) for name in RICH}, **changes}
    return {name: rich_text(value) if name in RICH else value for name, value in said.items()}


def credit(client: Client) -> str:
    """Return what the foot of the home page says beside the emblem."""
    return BeautifulSoup(client.get("/en/").content, "html.parser").select_one("footer").get_text(" ")


def test_an_editor_changes_the_funding_statement_for_readers_of_kept_pages_and_mails(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    before = SiteText.objects.get(language="en").funding_statement
    reader = Client()
    # The second time it comes from the cache.
    for _ in range(2):
        assert (before in credit(reader), STATEMENT in credit(reader)) == (True, False)
        assert "We keep nothing.</p>" not in reader.get("/en/privacy/").content.decode()
    sign_in(client, editor())
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address(), given(funding_statement=STATEMENT, privacy="<p>We keep nothing.</p>"))
    assert (answer.status_code, answer.url) == (302, reverse("site_texts:index"))
    assert (before in credit(reader), STATEMENT in credit(reader)) == (False, True)
    assert "We keep nothing.</p>" in reader.get("/en/privacy/").content.decode()
    # Who writes mails looks again after a minute.
    kept.clear_all()
    text, html = rendering.render_words("mail/notice", NOTICE, language="en")
    assert [STATEMENT in words for words in (text, html)] == [True, True]


def test_whoever_is_no_editor_neither_reads_nor_writes_the_texts(client: Client) -> None:
    said = given(funding_statement=STATEMENT)
    for person in (
        None,
        PersonFactory(),
        *(PersonFactory(groups=[role], is_staff=True) for role in roles.ROLES if role != roles.EDITORS),
    ):
        attacker = sign_in(Client(), person) if person else Client()
        for answer in (attacker.get(address()), attacker.post(address(), said)):
            assert (answer.status_code, STATEMENT in answer.content.decode()) == (302, False)
    assert not SiteText.objects.filter(funding_statement=STATEMENT).exists()
    assert sign_in(client, editor()).post(address(), said).url == reverse("site_texts:index")


def test_an_editor_finds_the_texts_in_the_menu_and_adds_and_deletes_none(client: Client) -> None:
    sign_in(client, editor())
    assert reverse("site_texts:index") in client.get(reverse("wagtailadmin_home")).content.decode()
    pk = SiteText.objects.get(language="en").pk
    for door, arguments in (("add", []), ("delete", [pk])):
        assert client.post(reverse(f"site_texts:{door}", args=arguments), given()).status_code == 302
    assert SiteText.objects.count() == 5


def test_who_saves_texts_opened_before_somebody_elses_change_reads_of_it_first(client: Client) -> None:
    sign_in(client, editor())
    opened = client.get(address()).context["form"]["opened"].value()
    assert client.post(address(), given(tagline="Theirs", opened=opened)).status_code == 302
    answer = client.post(address(), given(tagline="Mine", opened=opened))
    page = BeautifulSoup(answer.content, "html.parser")
    assert "Somebody else has changed this since you opened it." in page.get_text(" ")
    assert page.select_one("[name=tagline]")["value"] == "Mine"
    assert SiteText.objects.get(language="en").tagline == "Theirs"
    again = page.select_one("[name=opened]")["value"]
    assert client.post(address(), given(tagline="Mine", opened=again)).status_code == 302
    assert SiteText.objects.get(language="en").tagline == "Mine"
