"""Handing a course over: when its source page has been deleted, its pages in another language speak for it."""

import logging
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from wagtail.models import Page

from core.handing_over import next_to_speak, write_into_revisions
from learning.errors import LearningError
from learning.models import Course, CoursePage, Unit, UnitPage
from learning.services.projecting import project_course

logger = logging.getLogger(__name__)


@transaction.atomic
def hand_over_course(*, translation_key: UUID) -> Course | None:
    """Let the pages in another language speak for a course whose source page is gone; None where nothing is to do.

    Otherwise the course could never be taught or changed again. Who has completed what stays: the records are the
    same. What those pages say of audience, kind and minutes, old since their last publication, first becomes what the
    records say. Modules and units stand as these pages have them; what has no public page among them is not taught.
    Nobody is completed because of that (`learning_units.complete_finished`). Two at once are as one.
    """
    pages = _hold_pages(translation_key)
    course = Course.objects.select_for_update().filter(translation_key=translation_key).first()
    page = next_to_speak(pages, source_locale_id=course.source_locale_id) if course else None
    if course is None or page is None:
        return None
    Course.objects.filter(pk=course.pk).update(source_locale=page.locale_id)
    _bring_up_to_records(page, course)
    _project(page)
    return Course.objects.get(pk=course.pk)


def _hold_pages(translation_key: UUID) -> list[CoursePage]:
    """Lock the pages and those beneath them, before the course as whoever publishes one does, and read the former."""
    own = Q(translation_key=translation_key, alias_of=None)
    among = own
    for path in CoursePage.objects.filter(own).values_list("path", flat=True):
        among |= Q(path__startswith=path)
    held = list(Page.objects.select_for_update(no_key=True).filter(among).order_by("pk").values_list("pk", flat=True))
    return list(CoursePage.objects.filter(own, pk__in=held))


def _bring_up_to_records(page: CoursePage, course: Course) -> None:
    """Write what the records say into the pages and their revisions."""
    audience = list(course.audience.all())
    page.audience.set(audience)
    page.audience.commit()
    write_into_revisions(page, {"audience": [term.pk for term in audience]})
    units = {unit.translation_key: unit for unit in Unit.objects.filter(module__course=course)}
    beneath = UnitPage.objects.descendant_of(page).filter(alias_of=None, translation_key__in=units)
    for unit_page in beneath:
        unit = units[unit_page.translation_key]
        said = {"kind": unit.kind, "minutes": unit.minutes}
        UnitPage.objects.filter(pk=unit_page.pk).update(**said)
        write_into_revisions(unit_page, said)


def _project(page: CoursePage) -> None:
    """Bring the records up to the pages; what is refused waits until staff publish the page."""
    try:
        with transaction.atomic():
            project_course(page=page)
    except LearningError as refusal:
        logger.warning("Page %s speaks for its course, but not yet in full: %s", page.pk, type(refusal).__name__)
