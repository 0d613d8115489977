"""Courses, modules and units for tests, as pages published the way the editor does it."""

from itertools import count
from typing import Any

from wagtail.models import Page

from learning.models import Course, CourseIndexPage, CoursePage, ModulePage, UnitPage
from tests.factories import core

_numbers = count(1)


def section(root: Page | None = None) -> CourseIndexPage:
    """Return the learning section in English, made beneath a home page when there is none."""
    found = CourseIndexPage.objects.filter(locale__language_code="en").first()
    return found or core.child(root or core.site_root(), "learning", CourseIndexPage, title="Learning")


def course_page(*, publish: bool = True, parent: Page | None = None, **fields: Any) -> CoursePage:
    """Make a course page without modules."""
    return _page(CoursePage, parent or section(), "course", publish=publish, **fields)


def module_page(parent: CoursePage, *, publish: bool = True, **fields: Any) -> ModulePage:
    """Make a module page without units."""
    return _page(ModulePage, parent, "module", publish=publish, **fields)


def unit_page(parent: ModulePage, *, publish: bool = True, minutes: int | None = 10, **fields: Any) -> UnitPage:
    """Make a unit page of ten minutes unless told."""
    return _page(UnitPage, parent, "unit", publish=publish, minutes=minutes, **fields)


def whole_course(*, modules: int = 2, units: int = 2, minutes: int = 10, **fields: Any) -> CoursePage:
    """Make a course with its modules and units, all published; titles count from 1, such as "Unit 2.1"."""
    page = course_page(**fields)
    for first in range(1, modules + 1):
        module = module_page(page, title=f"Module {first}", slug=f"module-{first}")
        for second in range(1, units + 1):
            unit_page(module, title=f"Unit {first}.{second}", slug=f"unit-{first}-{second}", minutes=minutes)
    return page


def record_of(page: CoursePage) -> Course:
    """Return the record of a course page in whatever language."""
    return Course.objects.get(translation_key=page.translation_key)


def translated(page: Page, language: str, **fields: Any) -> Page:
    """Publish the page's translation, and those of the pages above it that have none."""
    if page.depth > 2:
        parent = page.get_parent().specific
        if not parent.has_translation(core.locale(language)):
            translated(parent, language)
    translation = core.translated(page, language, live=False, **fields)
    return publish_now(translation)


def publish_now(page: Page) -> Page:
    """Save what the page holds as a revision and publish it."""
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def _page(model: type[Page], parent: Page, word: str, *, publish: bool, **fields: Any) -> Any:
    number = next(_numbers)
    defaults = {"title": f"{word.capitalize()} {number}", "slug": f"{word}-{number}", "locale": parent.locale}
    # The parent in memory may not know how many children it has by now.
    parent.refresh_from_db()
    page = parent.add_child(instance=model(**{**defaults, "live": False, **fields}))
    return publish_now(page) if publish else page
