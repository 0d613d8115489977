"""The pages of learning: what they show, in whose language, in how many statements."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, PageViewRestriction

from core.models import Term
from learning.models import CourseIndexPage, CoursePage, ModulePage, Unit, UnitPage
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def made(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A course of three modules with two units each, whose first unit is in French too, for all tests of this file."""
    with made_once():
        page = make.whole_course(modules=3, minutes=15, title="The course", takes_home="A draft budget")
        module, unit = ModulePage.objects.get(title="Module 1"), UnitPage.objects.get(title="Unit 1.1")
        make.translated(page, "fr", title="Le cours")
        make.translated(module, "fr", title="Le module")
        make.translated(unit, "fr", title="L’unité un")
        yield


@pytest.fixture
def course() -> CoursePage:
    """Return the English page of that course."""
    return CoursePage.objects.get(title="The course")


def section_in(language: str) -> CourseIndexPage:
    return CourseIndexPage.objects.get(locale__language_code=language)


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


def test_a_course_shows_its_path_with_minutes(client: Client, course: CoursePage) -> None:
    html = get(client, course)
    assert words(html, TITLES) == ["Unit 1.1", "Unit 1.2", "Unit 2.1", "Unit 2.2", "Unit 3.1", "Unit 3.2"]
    assert words(html, r"<h3><a [^>]*>(.*?)</a></h3>") == ["Module 1", "Module 2", "Module 3"]
    assert words(html, r'<span class="path__minutes">(.*?)</span>') == ["15 min"] * 6
    assert words(html, r"<dt>(.*?)</dd>") == ["Modules 3", "Reading time 1 h 30 min"]
    assert words(html, r'<p class="lede">(.*?)</p>') == ["A draft budget"]
    assert 'href="/en/learning/' in html


def test_the_minutes_are_the_records_not_the_page(client: Client, course: CoursePage) -> None:
    Unit.objects.update(minutes=45)
    assert words(get(client, course), r'<span class="path__minutes">(.*?)</span>') == ["45 min"] * 6


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
    html = get(client, UnitPage.objects.get(title="Unit 1.2"))
    assert words(html, r'<nav class="crumbs".*?>(.*?)</nav>') == ["Learning The course Module 1 Unit 1.2"]
    assert words(html, r'<p class="eyebrow">(.*?)</p>') == ["Unit 2 of 6 · Reading · 15 min"]
    assert words(html, r'<a class="neighbours__way[^>]*>(.*?)</a>') == ["Previous unit Unit 1.1", "Next unit Unit 2.1"]
    assert words(html, r'<li class="path__station path__station--now" aria-current="step">(.*?)</li>') == [
        "Unit 1.2 You are here 15 min"
    ]


@pytest.mark.parametrize(
    ("title", "ways"), [("Unit 1.1", ["Next unit Unit 1.2"]), ("Unit 3.2", ["Previous unit Unit 3.1"])]
)
def test_the_first_unit_has_no_previous_one_and_the_last_no_next(client: Client, title: str, ways: list[str]) -> None:
    html = get(client, UnitPage.objects.get(title=title))
    assert words(html, r'<a class="neighbours__way[^>]*>(.*?)</a>') == ways


def test_a_module_shows_goals_product_units_and_neighbours(client: Client) -> None:
    modules = ModulePage.objects.filter(title="Module 2")
    modules.update(goals="Read a budget\n\n Draft a ceiling ", product="A ceiling for your city")
    html = get(client, modules.get())
    assert words(html, r'<p class="eyebrow">(.*?)</p>') == ["Module 2 of 3"]
    assert words(html, r'<ul class="goals">(.*?)</ul>') == ["Read a budget Draft a ceiling"]
    assert words(html, TITLES) == ["Unit 2.1", "Unit 2.2"]
    assert words(html, r'<section class="panel".*?>(.*?)</section>') == ["What you take home A ceiling for your city"]
    assert words(html, r'<a class="neighbours__way[^>]*>(.*?)</a>') == [
        "Previous module Module 1",
        "Next module Module 3",
    ]


def test_a_unit_out_of_the_course_still_reads(client: Client) -> None:
    ModulePage.objects.get(title="Module 1").unpublish()
    html = get(client, UnitPage.objects.get(title="Unit 1.1"))
    assert words(html, r'<p class="eyebrow">(.*?)</p>') == ["Reading"]
    assert "neighbours" not in html
    assert words(html, r'<nav class="crumbs".*?>(.*?)</nav>')[0].endswith("Unit 1.1")
    assert "Module 1" not in words(html, r'<nav class="crumbs".*?>(.*?)</nav>')[0]


# Languages ---------------------------------------------------------------------------------------------


def test_a_path_takes_the_readers_language_and_marks_the_rest(client: Client, course: CoursePage) -> None:
    html = get(client, CoursePage.objects.get(title="Le cours"))
    english = re.findall(r'class="path__title" href="([^"]*)"([^>]*)>(.*?)</a>', html)
    assert english[:2] == [
        (f"/fr/learning/{course.slug}/module-1/unit-1-1/", "", "L’unité un"),
        (f"/en/learning/{course.slug}/module-1/unit-1-2/", ' lang="en" dir="ltr"', "Unit 1.2"),
    ]
    assert words(html, r'<p class="path__text">(.*?)</p>') == ["English"] * 5


def test_the_section_shows_each_course_once_in_the_best_language(client: Client) -> None:
    make.whole_course(modules=2, units=1, title="In English only")
    html = get(client, section_in("fr"))
    assert words(html, CARDS) == ["Le cours", "In English only"]
    assert re.findall(r'class="card__title"><a href="[^"]*"([^>]*)>', html) == ["", ' lang="en" dir="ltr"']
    assert words(get(client, section_in("en")), CARDS) == ["The course", "In English only"]


def test_an_arabic_course_runs_from_right_to_left(client: Client, course: CoursePage) -> None:
    arabic = make.translated(course, "ar", title="ميزانية المناخ")
    html = get(client, arabic)
    assert '<html lang="ar" dir="rtl">' in html
    assert re.findall(r'class="path__title" href="[^"]*"([^>]*)>', html) == [' lang="en" dir="ltr"'] * 6


def test_the_section_without_courses_says_what_to_do(client: Client, course: CoursePage) -> None:
    course.unpublish()
    section = section_in("en")
    section.empty_text = "Come to a webinar meanwhile."
    make.publish_now(section)
    html = get(client, section)
    assert words(html, r'<div class="empty">(.*?)</div>') == [
        "No course is open at the moment Come to a webinar meanwhile."
    ]
    assert '<h2 class="empty__title">No course is open at the moment</h2>' in html


# Who may see -------------------------------------------------------------------------------------------


def test_a_visitor_cannot_learn_of_a_private_course_from_the_section(client: Client) -> None:
    secret = make.whole_course(title="Secret course", summary="Secret words", modules=1, units=1)
    PageViewRestriction.objects.create(page=secret, restriction_type=PageViewRestriction.LOGIN)
    html = get(client, section_in("en"))
    assert words(html, CARDS) == ["The course"]
    assert "Secret" not in html


def test_a_visitor_cannot_read_a_draft_unit(client: Client) -> None:
    draft = make.unit_page(ModulePage.objects.get(title="Module 1"), publish=False, title="Not ready")
    assert client.get(draft.get_url()).status_code == 404
    assert "Not ready" not in get(client, UnitPage.objects.get(title="Unit 1.1"))


def test_what_editors_write_is_escaped(client: Client) -> None:
    attack = "<script>alert(1)</script>\"'>"
    page = make.course_page(title=attack, summary=attack, takes_home=attack, effort=attack, how_it_runs=attack)
    module = make.module_page(page, title=attack, goals=attack, product=attack)
    unit = make.unit_page(module, title=attack, summary=attack)
    pages = {"course": get(client, page), "module": get(client, module), "unit": get(client, unit)}
    assert [kind for kind, html in pages.items() if "<script>alert" in html] == []
    assert [kind for kind, html in pages.items() if "&lt;script&gt;alert(1)&lt;/script&gt;" in html] == list(pages)


# Cost --------------------------------------------------------------------------------------------------


def test_unit_and_course_cost_the_same_however_long_the_course_is(client: Client, course: CoursePage) -> None:
    short = make.whole_course(modules=1, units=1)
    [unit] = UnitPage.objects.descendant_of(short)
    pages = [unit, UnitPage.objects.get(title="Unit 1.2"), short, course]
    assert [statements(client, page) for page in pages] == [6, 6, 8, 8]


@pytest.mark.parametrize("number", [1, 3])
def test_a_course_page_costs_the_same_for_one_cohort_and_for_three(
    client: Client, course: CoursePage, number: int
) -> None:
    for step in range(number):
        make.cohort(course=make.record_of(course), name=f"Cohort of {2030 + step}", languages=["en", "fr"])
    assert statements(client, course) == 9
    assert get(client, course).count("Cohort of 20") == number


def test_the_section_costs_the_same_however_many_courses_there_are(client: Client) -> None:
    one = statements(client, section_in("en"))
    for _ in range(2):
        make.whole_course(modules=1, units=1)
    assert (one, statements(client, section_in("en"))) == (5, 5)
