"""The sweep that brings courses back in step with their pages, whatever went past the editor's views or failed.

It hands over courses that no page speaks for, too.
"""

import logging
from uuid import UUID

from core.handing_over import without_source_page
from learning.models import Course, CoursePage, Module, Unit
from learning.services.handing_over import hand_over_course
from learning.services.projecting import project_course, withdraw_course

logger = logging.getLogger(__name__)
FACTS = ("translation_key", "title", "is_current", "source_locale_id", "source_revision_id")


def repair_courses() -> list[UUID]:
    """Bring every course up to its pages; return the translation keys of those that were out of step.

    A course that cannot be written is logged and left for staff; the others are repaired all the same.
    """
    repaired = [key for key in without_source_page(Course, CoursePage) if _hand_over(key)]
    for page in CoursePage.objects.filter(live=True, alias_of=None).order_by("pk"):
        before = _facts(page.translation_key)
        try:
            project_course(page=page)
        except Exception:
            logger.exception("The course page %s cannot be brought into its records", page.pk)
        if _facts(page.translation_key) != before and page.translation_key not in repaired:
            repaired.append(page.translation_key)
    for course in Course.objects.current().order_by("pk"):
        source = CoursePage.objects.filter(translation_key=course.translation_key, locale_id=course.source_locale_id)
        if not source.filter(live=True).exists():
            withdraw_course(course_id=course.pk)
            repaired.append(course.translation_key)
    return repaired


def _hand_over(key: UUID) -> bool:
    try:
        return hand_over_course(translation_key=key) is not None
    except Exception:
        logger.exception("The course of key %s could not be handed over", key)
        return False


def _facts(key: UUID) -> list[tuple]:
    """Return all that the records of a course say, for comparing."""
    of_course = {"course__translation_key": key}
    of_modules = {"module__course__translation_key": key}
    return [
        *Course.objects.filter(translation_key=key).values_list(*FACTS).order_by("pk"),
        *Module.objects.filter(**of_course).values_list(*FACTS, "order").order_by("pk"),
        *Unit.objects.filter(**of_modules).values_list(*FACTS, "module_id", "order", "kind", "minutes").order_by("pk"),
    ]
