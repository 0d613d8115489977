"""A unit or module whose source has moved: its translation stays where it was in the tree, and tells what the path does."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, PageViewRestriction

from learning.models import CoursePage, ModulePage, UnitPage
from tests.factories import learning as make

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a href="([^"]*)"([^>]*)>(.*?)</a>')
COURSE = ("/fr/learning/budgets/", "", "Le cours")


@pytest.fixture(scope="module", autouse=True)
def made(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A course of two modules with a unit each, in French but for its second unit, for all tests of this file."""
    with made_once():
        page = make.whole_course(modules=2, units=1, title="The course", slug="budgets")
        make.translated(page, "fr", title="Le cours")
        for title, french in (("Module 1", "Le premier"), ("Module 2", "Le second")):
            make.translated(ModulePage.objects.get(title=title), "fr", title=french)
        make.translated(UnitPage.objects.get(title="Unit 1.1"), "fr", title="L’unité")
        yield


def named(title: str) -> Page:
    return Page.objects.get(title=title).specific


def another(title: str) -> CoursePage:
    """Make a second course, of one module without units."""
    course = make.course_page(title=title, slug="another")
    make.module_page(course, title="Elsewhere")
    return course


def move(title: str, beneath: str) -> None:
    named(title).move(named(beneath), pos="last-child")


def trail(title: str) -> list[tuple[str, str, str]]:
    """Return the links of a page's breadcrumb, below the section: address, language where it is another, and words."""
    return LINK.findall(html_of(title).partition('<nav class="crumbs"')[2].partition("</nav>")[0])[1:]


def html_of(title: str) -> str:
    answer = Client().get(named(title).url, {"fresh": "1"})
    assert answer.status_code == 200
    return answer.content.decode()


def module_beside(title: str) -> str:
    """Return the module that a unit's page names beside the text, above the stations."""
    panel = html_of(title).partition('id="module-path"')[2].partition("</h2>")[0]
    return LINK.findall(panel)[0][2] if panel else ""


def test_a_unit_s_translation_names_the_module_that_the_path_shows():
    assert trail("L’unité") == [COURSE, ("/fr/learning/budgets/module-1/", "", "Le premier")]
    move("Unit 1.1", beneath="Module 2")
    assert named("L’unité").get_parent().title == "Le premier"
    assert trail("L’unité") == [COURSE, ("/fr/learning/budgets/module-2/", "", "Le second")]
    assert (module_beside("L’unité"), module_beside("Unit 1.1")) == ("Le second", "Module 2")
    english = [("/en/learning/budgets/", "", "The course"), ("/en/learning/budgets/module-2/", "", "Module 2")]
    assert trail("Unit 1.1") == english


def test_a_module_that_nobody_has_translated_is_named_in_the_source_language():
    named("Le second").unpublish()
    move("Unit 1.1", beneath="Module 2")
    module = ("/en/learning/budgets/module-2/", ' lang="en" dir="ltr"', "Module 2")
    assert (trail("L’unité"), module_beside("L’unité")) == ([COURSE, module], "Module 2")


@pytest.mark.parametrize("what", ["Unit 1.1", "Module 1"])
def test_what_has_moved_to_another_course_belongs_to_that_one(what):
    other = another("Another course")
    kept = named("L’unité").cache_tags()
    move(what, beneath="Another course" if what == "Module 1" else "Elsewhere")
    course = ("/en/learning/another/", ' lang="en" dir="ltr"', "Another course")
    tag = f"page:{other.translation_key}"
    assert trail("L’unité")[0] == course
    assert (tag in kept, tag in named("L’unité").cache_tags()) == (False, True)
    if what == "Module 1":
        assert trail("Le premier") == [course]
        assert "Module 2 sur 2" in html_of("Le premier")


def test_reading_on_a_page_that_stayed_behind_of_a_course_kept_to_some_people():
    other = another("Secret course")
    PageViewRestriction.objects.create(page=other, restriction_type=PageViewRestriction.LOGIN)
    move("Unit 1.1", beneath="Elsewhere")
    assert trail("L’unité") == [COURSE, ("/fr/learning/budgets/module-1/", "", "Le premier")]
    html = html_of("L’unité").partition("<main")[2]
    assert ("Secret" in html, "/another/" in html, module_beside("L’unité")) == (False, False, "")


@pytest.mark.parametrize("number", [1, 3])
def test_it_costs_one_statement_more_however_many_have_moved(number):
    for _more in range(number - 1):
        make.unit_page(ModulePage.objects.get(title="Module 2"))
    assert cost("L’unité") == 6
    move("Unit 1.1", beneath="Module 2")
    assert cost("L’unité") == 7


def cost(title: str) -> int:
    html_of(title)
    with CaptureQueriesContext(connection) as queries:
        html_of(title)
    # The first finds the page by its title.
    return len(queries) - 2


def test_the_course_s_own_trail_is_its_section():
    assert [page.title for page in CoursePage.objects.get(title="Le cours").trail] == ["Learning"]
