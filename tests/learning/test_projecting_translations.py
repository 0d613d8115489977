"""A course in two languages: its source language writes the records, and a translation never takes over by itself."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest

from learning.models import CoursePage, ModulePage, UnitPage
from tests.factories import learning as make
from tests.learning.paths import path_of

pytestmark = pytest.mark.django_db

PATH = [("Module 1", [("Unit 1.1", 10)])]


@pytest.fixture(scope="module", autouse=True)
def translated(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A course of one unit in English and, published after it, in French."""
    with made_once():
        page = make.whole_course(modules=1, units=1, title="Course")
        make.translated(page, "fr", title="Le cours")
        make.translated(ModulePage.objects.get(locale__language_code="en"), "fr", title="Le module")
        make.translated(UnitPage.objects.get(locale__language_code="en"), "fr", title="L’unité", minutes=45)
        yield


@pytest.fixture
def english() -> CoursePage:
    """Return the course in the language that it was written in."""
    return CoursePage.objects.get(locale__language_code="en")


@pytest.fixture
def french() -> CoursePage:
    """Return its translation."""
    return CoursePage.objects.get(locale__language_code="fr")


def test_a_translation_changes_no_record(english: CoursePage, french: CoursePage) -> None:
    module = ModulePage.objects.get(title="Le module")
    section = french.get_parent()
    assert (section.locale, section.translation_key) == (french.locale, english.get_parent().translation_key)
    assert module.get_parent().pk == french.pk
    assert make.record_of(english).title == english.title == "Course"
    assert path_of(english) == PATH


def test_unpublishing_a_translation_leaves_the_unit_in_the_course(english: CoursePage) -> None:
    UnitPage.objects.get(locale__language_code="fr").unpublish()
    assert path_of(english) == PATH


def test_after_the_source_is_deleted_a_translation_does_not_take_over_by_itself(
    english: CoursePage, french: CoursePage
) -> None:
    english.delete()
    make.publish_now(CoursePage.objects.get())
    course = make.record_of(french)
    assert (course.title, course.is_current, path_of(french)) == ("Course", False, [])
