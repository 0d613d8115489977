"""The search page: a plain form, results in the reader's language first, a sentence for bad input."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

from core import kept
from search.services import index_page
from tests.factories import core as tree
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def section(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """The section that each test would make anew."""
    with made_once():
        make.section()
        yield


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    kept.clear_all()


def get(client: Client, words: str | None = None, *, language: str = "en", status: int = 200, **query: str) -> str:
    if words is not None:
        query["q"] = words
    response = client.get(f"/{language}/search/", query)
    assert response.status_code == status
    return response.content.decode()


def words(html: str, pattern: str) -> list[str]:
    """Return what a pattern's only group holds, without tags and runs of white space."""
    found = re.findall(pattern, html, re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", part))).strip() for part in found]


def text(html: str) -> str:
    main = re.sub(r"<[^>]+>", " ", html.partition("<main")[2].partition("</main>")[0])
    return re.sub(r"\s+", " ", unescape(main))


def course(**fields: Any) -> Page:
    """Write a live course page into the index, without publishing it."""
    page = make.course_page(publish=False, live=True, **fields)
    assert index_page(page=page)
    return page


RESULTS = r'<h2 class="result__title">(.*?)</h2>'


def test_without_words_there_is_a_form_and_nothing_else(client: Client) -> None:
    for html in (get(client), get(client, ""), get(client, "  \t ")):
        assert '<form class="search" action="/en/search/" method="get" role="search">' in html
        assert words(html, RESULTS) == []
        assert 'role="status"' not in html.partition("<main")[2]


def test_results_show_kind_title_passage_and_number(client: Client) -> None:
    page = course(title="Heat plans", summary="How a city prepares for heat.")
    html = get(client, "heat")
    assert words(html, r'<p class="soft" role="status">(.*?)</p>') == ["1 result for heat"]
    assert f'<h2 class="result__title"><a href="{page.get_url()}">Heat plans</a></h2>' in html
    assert "How a city prepares for <mark>heat</mark>." in html
    assert words(html, r'<p class="result__kind">(.*?)</p>') == ["Learning"]
    assert '<article class="result" data-topic="learning">' in html
    assert 'value="heat"' in html


def test_other_languages_follow_the_readers_own_and_are_marked(client: Client) -> None:
    page = course(title="Budget in English")
    make.translated(page.get_parent().specific, "fr")
    french = page.get_parent().get_translation(tree.locale("fr"))
    course(parent=french, title="Budget en français")
    html = get(client, "budget", language="fr")
    assert words(html, RESULTS) == ["Budget en français", "Budget in English"]
    assert html.index("Budget en français") < html.index('<h2 class="found__part">') < html.index("Budget in English")
    assert re.search(r'<a href="/en/[^"]*" lang="en" dir="ltr">Budget in English</a>', html)
    assert '<span lang="en" dir="ltr">English</span>' in html


def test_an_arabic_reader_gets_a_page_from_right_to_left(client: Client) -> None:
    course(title="Climate")
    html = get(client, "climate", language="ar")
    assert '<html lang="ar" dir="rtl">' in html
    assert re.search(r'<a href="[^"]*" lang="en" dir="ltr">Climate</a>', html)


@pytest.mark.parametrize(("number", "said"), [(1, "نتيجة واحدة"), (2, "نتيجتان"), (3, "3 نتائج")])
def test_results_are_counted_as_arabic_counts(client: Client, number: int, said: str) -> None:
    for _ in range(number):
        course(title="Climate")
    assert words(get(client, "climate", language="ar"), r'<p class="soft" role="status">(.*?)</p>') == [
        f"{said} للبحث عن climate"
    ]


def test_many_results_come_in_pages_that_keep_the_question(client: Client) -> None:
    for number in range(12):
        course(title=f"Heat & cold {number}")
    first, second = get(client, "heat & cold"), get(client, "heat & cold", page="2")
    assert (len(words(first, RESULTS)), len(words(second, RESULTS))) == (10, 2)
    assert '<a href="?q=heat+%26+cold&amp;page=2">' in first
    for odd in ("0", "-1", "x", "²", "99999999999999", "99"):
        assert len(words(get(client, "heat & cold", page=odd), RESULTS)) in {10, 2}


def test_kinds_narrow_the_search(client: Client) -> None:
    course(title="Heat course")
    make.publish_now(tree.child(make.section().get_parent(), "heat-page", title="Heat page", live=False))
    html = get(client, "heat")
    assert words(html, r'<nav class="narrow".*?>(.*?)</nav>') == ["All 2 Learning 1 About this site 1"]
    assert words(get(client, "heat", kind="learning"), RESULTS) == ["Heat course"]
    assert len(words(get(client, "heat", kind="nonsense"), RESULTS)) == 2


def test_nothing_found_says_what_to_do_and_what_may_have_been_meant(client: Client) -> None:
    course(title="Mobility plans")
    html = get(client, "mobilty")
    assert "Nothing was found for mobilty . Use fewer words, or others." in text(html)
    assert '<a href="?q=mobility"><bdi>mobility</bdi></a>' in html
    assert words(html, RESULTS) == ["Mobility plans"]
    assert words(get(client, "zebra crossing"), RESULTS) == []


def test_words_that_stand_everywhere_are_named(client: Client) -> None:
    assert "Add a word that says what you are looking for." in text(get(client, "of the"))


# Bad input ---------------------------------------------------------------------------------------------


def test_a_question_of_400_characters_gets_a_sentence_and_is_kept(client: Client) -> None:
    asked = "heat " * 80
    html = get(client, asked, status=400)
    assert "Your search is too long. Use at most 200 characters." in text(html)
    assert f'value="{asked}"' in html


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b[31m", "\x7f"])
def test_control_characters_get_a_sentence(client: Client, sign: str) -> None:
    html = get(client, f"heat{sign}", status=400)
    assert "Your search holds characters that cannot be typed. Type it again." in text(html)


@pytest.mark.parametrize("signs", ["😀", "\u202e", "?!", "…"])
def test_signs_without_a_word_get_a_sentence(client: Client, signs: str) -> None:
    assert "Write a word or a number to search for." in text(get(client, signs, status=400))


def test_blanks_ask_nothing(client: Client) -> None:
    assert "Write a word or a number" not in text(get(client, "   "))


def test_invisible_turns_of_direction_are_taken_out(client: Client) -> None:
    course(title="Heat")
    html = get(client, "\u202eheat\u2066")
    assert words(html, RESULTS) == ["Heat"]
    assert "\u202e" not in html
    assert "\u2066" not in html


@pytest.mark.parametrize(
    "attack", ['"><script>alert(1)</script>', "'onfocus=alert(1) x='", "{{ 7|add:7 }}", "%0d%0aSet-Cookie: x=1"]
)
def test_a_question_cannot_put_markup_into_the_page(client: Client, attack: str) -> None:
    html = get(client, attack)
    assert "<script>alert" not in html
    assert "onfocus=alert(1) x='\"" not in html
    assert f'value="{attack}"' not in html or not set(attack) & set("<>\"'&")


def test_a_title_cannot_put_markup_into_the_results(client: Client) -> None:
    attack = "<script>alert(1)</script>"
    course(title=f"Heat {attack}", summary=f"{attack} heat")
    html = get(client, "heat")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>heat</mark>" in html


@override_settings(SEARCHES_PER_NETWORK_PER_MINUTE=2)
def test_a_network_that_asks_too_often_is_told_to_wait(client: Client) -> None:
    course(title="Heat")
    for _ in range(2):
        get(client, "heat")
    response = client.get("/en/search/", {"q": "heat"})
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    html = response.content.decode()
    assert "That was too often. Wait a minute, then search again." in text(html)
    assert 'value="heat"' in html
    get(client)


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/en/search/", {"q": "heat"}).status_code == 405


def test_search_engines_and_caches_leave_it_alone(client: Client) -> None:
    response = client.get("/en/search/", {"q": "heat"})
    assert response["X-Robots-Tag"] == "noindex"
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-cache"}
    html = response.content.decode()
    assert '<meta name="robots" content="noindex">' in html
    assert 'rel="canonical"' not in html
    assert not response.cookies


@pytest.mark.parametrize("size", [1, 3])
def test_the_page_costs_the_same_however_much_is_found(client: Client, size: int) -> None:
    for number in range(size):
        course(title=f"Heat {number}")
    get(client, "heat")
    with CaptureQueriesContext(connection) as queries:
        assert len(words(get(client, "heat"), RESULTS)) == size
    assert len(queries) == 4
