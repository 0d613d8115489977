"""The cards of courses, as listings show them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import locales
from learning.models.records import Course
from learning.translations import best, readable


@dataclass(frozen=True)
class CourseCard:
    """A course as listings show it: the parameters of the component `course_card`."""

    key: UUID
    title: str
    summary: str
    url: str
    language: str
    modules: int
    units: int
    minutes: int
    audience: tuple[str, ...]
    cover_key: str

    @property
    def stations(self) -> tuple[dict, ...]:
        """One dot for each module: a card draws the path, it does not name it."""
        return ({},) * self.modules

    @property
    def note(self) -> str:
        """For whom the course is made."""
        return _(", ").join(self.audience)


def course_cards(
    course_pages: QuerySet,
    *,
    language: str,
    request: HttpRequest | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[CourseCard]:
    """Return each course of some pages once, in the reader's language or else in its source language; four queries.

    They stand in the editors' order, or the newest first.
    """
    courses = {
        course.translation_key: course for course in Course.objects.current().with_totals().prefetch_related("audience")
    }
    of_courses = course_pages.filter(translation_key__in=courses)
    found = readable(of_courses, language, {course.source_locale_id for course in courses.values()})
    pages = best(found, language)
    if newest_first:
        order = sorted(pages, key=lambda key: -courses[key].pk)
    else:
        in_source = {
            page.translation_key: page.path
            for page in found
            if page.locale_id == courses[page.translation_key].source_locale_id
        }
        order = sorted(pages, key=lambda key: in_source.get(key, pages[key].path))
    return [_card(courses[key], pages[key], request) for key in order[:limit]]


def _card(course: Course, page: Any, request: HttpRequest | None) -> CourseCard:
    return CourseCard(
        key=course.translation_key,
        title=page.title,
        summary=page.summary,
        url=page.get_url(request) or "",
        language=locales.code_of(page.locale_id),
        modules=course.module_count,
        units=course.unit_count,
        minutes=course.total_minutes,
        audience=tuple(term.label for term in course.audience.all()),
        cover_key=page.slug,
    )
