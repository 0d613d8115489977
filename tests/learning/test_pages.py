"""The pages of learning: what they show, in whose language, in how many statements."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, PageViewRestriction

from core.models import Term
from learning.models import CourseIndexPage, ModulePage, Unit, UnitPage
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def section(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """The section that each test would make anew."""
    with made_once():
        make.section()
        yield


def get(client: Client, page: Page) -> str:
    response = client.get(page.get_url())
    assert response.status_code == 200
    return response.content.decode()


def words(html: str, pattern: str) -> list[str]:
    """Return what a pattern's only group holds, without tags and runs of white space."""
    return [
        re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", part))).strip()
        for part in re.findall(pattern, html, re.DOTALL)
    ]


def statements(client: Client, page: Page) -> int:
    """Count what a page costs that is not in the page cache, which an unknown name in the query bypasses."""
    client.get(page.get_url(), {"fresh": "1"})
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page.get_url(), {"fresh": "1"}).status_code == 200
    return len(queries)


TITLES = r'class="path__title"[^>]*>(.*?)</a>'
CARDS = r'<h[23] class="card__title">(.*?)</h[23]>'


def test_a_course_shows_its_path_with_minutes(client: Client) -> None:
    page = make.whole_course(title="Climate budgeting", takes_home="A draft budget", minutes=35, units=2)
    html = get(client, page)
    assert words(html, TITLES) == ["Unit 1.1", "Unit 1.2", "Unit 2.1", "Unit 2.2"]
    assert words(html, r"<h3><a [^>]*>(.*?)</a></h3>") == ["Module 1", "Module 2"]
    assert words(html, r'<span class="path__minutes">(.*?)</span>') == ["35 min"] * 4
    assert words(html, r"<dt>(.*?)</dd>") == ["Modules 2", "Reading time 2 h 20 min"]
    assert words(html, r'<p class="lede">(.*?)</p>') == ["A draft budget"]
    assert 'href="/en/learning/' in html


def test_the_minutes_are_the_records_not_the_page(client: Client) -> None:
    page = make.whole_course(modules=1, units=1)
    Unit.objects.update(minutes=45)
    assert words(get(client, page), r'<span class="path__minutes">(.*?)</span>') == ["45 min"]


def test_a_course_says_whom_it_is_for(client: Client) -> None:
    page = make.course_page(effort="Two team meetings", how_it_runs="At your own pace.")
    page.audience = Term.objects.of("audience").filter(slug__in=["elected-official", "procurement"]) or [
        Term.objects.create(vocabulary="audience", slug="elected-official", labels={"en": "Elected official"}, order=1),
        Term.objects.create(vocabulary="audience", slug="procurement", labels={"en": "Procurement officer"}, order=5),
    ]
    make.publish_now(page)
    facts = words(get(client, page), r"<dt>(.*?)</dd>")
    assert facts == [
        "Time beside it Two team meetings",
        "For Elected official, Procurement officer",
        "How it runs At your own pace.",
    ]


def test_a_course_without_modules_says_that_they_come(client: Client) -> None:
    html = get(client, make.course_page())
    assert "Its modules will be here soon." in html
    assert 'class="path"' not in html


def test_a_unit_knows_where_the_reader_is(client: Client) -> None:
    make.whole_course(title="The course", minutes=15)
    html = get(client, UnitPage.objects.get(title="Unit 1.2"))
    assert words(html, r'<nav class="crumbs".*?>(.*?)</nav>') == ["Learning The course Module 1 Unit 1.2"]
    assert words(html, r'<p class="eyebrow">(.*?)</p>') == ["Unit 2 of 4 · Reading · 15 min"]
    assert words(html, r'<a class="neighbours__way[^>]*>(.*?)</a>') == ["Previous unit Unit 1.1", "Next unit Unit 2.1"]
    assert words(html, r'<li class="path__station path__station--now" aria-current="step">(.*?)</li>') == [
        "Unit 1.2 You are here 15 min"
    ]


@pytest.mark.parametrize(
    ("title", "ways"), [("Unit 1.1", ["Next unit Unit 1.2"]), ("Unit 2.2", ["Previous unit Unit 2.1"])]
)
def test_the_first_unit_has_no_previous_one_and_the_last_no_next(client: Client, title: str, ways: list[str]) -> None:
    make.whole_course()
    html = get(client, UnitPage.objects.get(title=title))
    assert words(html, r'<a class="neighbours__way[^>]*>(.*?)</a>') == ways


def test_a_module_shows_goals_product_units_and_neighbours(client: Client) -> None:
    make.whole_course(modules=3)
    module = ModulePage.objects.get(title="Module 2")
    module.goals, module.product = "Read a budget\n\n Draft a ceiling ", "A ceiling for your city"
    make.publish_now(module)
    html = get(client, module)
    assert words(html, r'<p class="eyebrow">(.*?)</p>') == ["Module 2 of 3"]
    assert words(html, r'<ul class="goals">(.*?)</ul>') == ["Read a budget Draft a ceiling"]
    assert words(html, TITLES) == ["Unit 2.1", "Unit 2.2"]
    assert words(html, r'<section class="panel".*?>(.*?)</section>') == ["What you take home A ceiling for your city"]
    assert words(html, r'<a class="neighbours__way[^>]*>(.*?)</a>') == [
        "Previous module Module 1",
        "Next module Module 3",
    ]


def test_a_unit_out_of_the_course_still_reads(client: Client) -> None:
    make.whole_course()
    ModulePage.objects.get(title="Module 1").unpublish()
    html = get(client, UnitPage.objects.get(title="Unit 1.1"))
    assert words(html, r'<p class="eyebrow">(.*?)</p>') == ["Reading"]
    assert "neighbours" not in html
    assert words(html, r'<nav class="crumbs".*?>(.*?)</nav>')[0].endswith("Unit 1.1")
    assert "Module 1" not in words(html, r'<nav class="crumbs".*?>(.*?)</nav>')[0]


# Languages ---------------------------------------------------------------------------------------------


def french_course() -> tuple[Any, Any]:
    """Make a course of two units whose second one is in English only."""
    page = make.whole_course(modules=1, units=2, title="The course")
    french = make.translated(page, "fr", title="Le cours")
    make.translated(ModulePage.objects.get(locale__language_code="en"), "fr", title="Le module")
    make.translated(UnitPage.objects.get(title="Unit 1.1"), "fr", title="L’unité un")
    return page, french


def test_a_path_takes_the_readers_language_and_marks_the_rest(client: Client) -> None:
    _page, french = french_course()
    html = get(client, french)
    assert re.findall(r'class="path__title" href="([^"]*)"([^>]*)>(.*?)</a>', html) == [
        (f"/fr/learning/{french.slug}/module-1/unit-1-1/", "", "L’unité un"),
        (f"/en/learning/{french.slug}/module-1/unit-1-2/", ' lang="en" dir="ltr"', "Unit 1.2"),
    ]
    assert words(html, r'<p class="path__text">(.*?)</p>') == ["English"]


def test_the_section_shows_each_course_once_in_the_best_language(client: Client) -> None:
    page, _french = french_course()
    make.whole_course(modules=2, units=1, parent=page.get_parent().specific, title="In English only")
    section = CourseIndexPage.objects.get(locale__language_code="fr")
    html = get(client, section)
    assert words(html, CARDS) == ["Le cours", "In English only"]
    assert re.findall(r'class="card__title"><a href="[^"]*"([^>]*)>', html) == ["", ' lang="en" dir="ltr"']
    assert words(get(client, CourseIndexPage.objects.get(locale__language_code="en")), CARDS) == [
        "The course",
        "In English only",
    ]


def test_an_arabic_course_runs_from_right_to_left(client: Client) -> None:
    page = make.whole_course(modules=1, units=1, title="The course")
    arabic = make.translated(page, "ar", title="ميزانية المناخ")
    html = get(client, arabic)
    assert '<html lang="ar" dir="rtl">' in html
    assert re.findall(r'class="path__title" href="[^"]*"([^>]*)>', html) == [' lang="en" dir="ltr"']


def test_the_section_without_courses_says_what_to_do(client: Client) -> None:
    section = make.section()
    section.empty_text = "Come to a webinar meanwhile."
    make.publish_now(section)
    html = get(client, section)
    assert words(html, r'<div class="empty">(.*?)</div>') == [
        "No course is open at the moment Come to a webinar meanwhile."
    ]


# Who may see -------------------------------------------------------------------------------------------


def test_a_visitor_cannot_learn_of_a_private_course_from_the_section(client: Client) -> None:
    secret = make.whole_course(title="Secret course", summary="Secret words", modules=1, units=1)
    make.whole_course(title="Open course", modules=1, units=1)
    PageViewRestriction.objects.create(page=secret, restriction_type=PageViewRestriction.LOGIN)
    html = get(client, make.section())
    assert words(html, CARDS) == ["Open course"]
    assert "Secret" not in html


def test_a_visitor_cannot_read_a_draft_unit(client: Client) -> None:
    make.whole_course(modules=1, units=1)
    draft = make.unit_page(ModulePage.objects.get(), publish=False, title="Not ready")
    assert client.get(draft.get_url()).status_code == 404
    assert "Not ready" not in get(client, UnitPage.objects.get(title="Unit 1.1"))


@pytest.mark.parametrize("kind", ["course", "module", "unit"])
def test_what_editors_write_is_escaped(client: Client, kind: str) -> None:
    attack = "<script>alert(1)</script>\"'>"
    page = make.course_page(title=attack, summary=attack, takes_home=attack, effort=attack, how_it_runs=attack)
    module = make.module_page(page, title=attack, goals=attack, product=attack)
    unit = make.unit_page(module, title=attack, summary=attack)
    html = get(client, {"course": page, "module": module, "unit": unit}[kind])
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


# Cost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3])
def test_a_unit_page_costs_the_same_however_long_the_course_is(client: Client, size: int) -> None:
    make.whole_course(modules=size, units=size)
    assert statements(client, UnitPage.objects.get(title="Unit 1.1")) == 7


@pytest.mark.parametrize("size", [1, 3])
def test_a_course_page_costs_the_same_however_long_the_course_is(client: Client, size: int) -> None:
    page = make.whole_course(modules=size, units=size)
    assert statements(client, page) == 9


@pytest.mark.parametrize("size", [1, 3])
def test_the_section_costs_the_same_however_many_courses_there_are(client: Client, size: int) -> None:
    for _ in range(size):
        make.whole_course(modules=size, units=1)
    assert statements(client, make.section()) == 6
