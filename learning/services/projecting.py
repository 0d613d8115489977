"""Writing course, module and unit records from the pages in the course's source language.

Whatever happens to a page of a course, the course is read anew as a whole and its records are brought up to it: one
way to write, so that publishing, moving, reordering and repairing cannot disagree.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from wagtail.models import Page

from core import pagecache
from core.projection import may_project
from learning.errors import IncompleteUnit
from learning.models import Course, CoursePage, Module, ModulePage, Unit, UnitPage

Record = TypeVar("Record", Module, Unit)
RECORDS: dict[type[Page], type[Course] | type[Module] | type[Unit]] = {
    CoursePage: Course,
    ModulePage: Module,
    UnitPage: Unit,
}


@transaction.atomic
def project_course(*, page: CoursePage) -> Course | None:
    """Bring the records of a course, its modules and units up to what its live pages say; return the course.

    `page` is its course page in any language; only the one in the source language is listened to, None for others.
    Raises IncompleteUnit when a live unit does not say how long it takes. Nothing is ever deleted.
    """
    course = Course.objects.select_for_update().filter(translation_key=page.translation_key).first()
    if not may_project(page, source_locale_id=course.source_locale_id if course else None):
        return None
    if course is None:
        course = _begin(page)
    _update(course, {"title": page.title, "is_current": True, "source_revision_id": page.live_revision_id})
    course.audience.set(page.audience.all())
    _project_parts(course, page)
    purge(course)
    return course


def _begin(page: CoursePage) -> Course:
    """Create the record and lock it; whoever loses a race for it gets the winner's."""
    Course.objects.bulk_create(
        [Course(translation_key=page.translation_key, source_locale_id=page.locale_id, title=page.title)],
        ignore_conflicts=True,
    )
    return Course.objects.select_for_update().get(translation_key=page.translation_key)


def _project_parts(course: Course, page: CoursePage) -> None:
    live = {"live": True, "alias_of": None}
    children = _ours(ModulePage.objects.child_of(page), course, Module.objects.exclude(course=course))
    module_pages = list(children.filter(**live).order_by("path"))
    below = _ours(UnitPage.objects.descendant_of(page), course, Unit.objects.exclude(module__course=course))
    unit_pages = defaultdict(list)
    for unit_page in below.filter(**live).order_by("path"):
        unit_pages[unit_page.path[: -Page.steplen]].append(unit_page)

    modules = _put(
        Module,
        course,
        [(module_page, {"course": course, "order": order}) for order, module_page in enumerate(module_pages)],
    )
    units = _put(
        Unit,
        course,
        [
            (unit_page, {"module": module, "order": order, "kind": unit_page.kind, "minutes": _minutes(unit_page)})
            for module_page, module in zip(module_pages, modules, strict=True)
            for order, unit_page in enumerate(unit_pages[module_page.path])
        ],
    )
    retire(Module.objects.filter(course=course), keep=modules)
    retire(Unit.objects.filter(module__course=course), keep=units)


def _ours(pages: QuerySet, course: Course, elsewhere: QuerySet) -> QuerySet:
    """Leave out translations that stayed behind when their source moved into another course, which teaches them."""
    taught = elsewhere.filter(is_current=True).exclude(source_locale=course.source_locale_id)
    return pages.exclude(translation_key__in=taught.values("translation_key"))


def _minutes(page: UnitPage) -> int:
    if not page.minutes:
        raise IncompleteUnit(page.title)
    return page.minutes


def _put(model: type[Record], course: Course, wanted: Sequence[tuple[Page, dict[str, Any]]]) -> list[Record]:
    """Return one record for each page, in their order, created or brought up to the facts beside it."""
    keys = [page.translation_key for page, _facts in wanted]
    found = {record.translation_key: record for record in model.objects.filter(translation_key__in=keys)}
    records = []
    for page, own in wanted:
        facts = {
            **own,
            "title": page.title,
            "is_current": True,
            "source_locale_id": course.source_locale_id,
            "source_revision_id": page.live_revision_id,
        }
        record = found.get(page.translation_key)
        if record is None:
            record = model.objects.create(translation_key=page.translation_key, **facts)
        else:
            _update(record, facts)
        records.append(record)
    return records


def _update(record: Course | Module | Unit, facts: dict[str, Any]) -> None:
    changed = [name for name, value in facts.items() if getattr(record, name) != value]
    for name in changed:
        setattr(record, name, facts[name])
    if changed:
        record.save(update_fields=changed)


def retire(records: QuerySet, *, keep: Iterable[Module | Unit] = ()) -> None:
    """Take modules or units out of what is taught, except those to keep; for a caller that holds the course."""
    kept = [record.pk for record in keep]
    records.filter(is_current=True).exclude(pk__in=kept).update(is_current=False, order=None)


@transaction.atomic
def withdraw(*, page: CoursePage | ModulePage | UnitPage) -> None:
    """Take what `page` stands for, and all below it, out of what is taught; the records and what hangs on them stay.

    For a page that has been unpublished or is being deleted. A page in another than the source language changes
    nothing: only its words are gone.
    """
    records = RECORDS[type(page)].objects
    record = records.filter(translation_key=page.translation_key, source_locale_id=page.locale_id).first()
    if isinstance(record, Course):
        withdraw_course(course_id=record.pk)
    elif isinstance(record, Module):
        course = Course.objects.select_for_update().get(pk=record.course_id)
        retire(Module.objects.filter(pk=record.pk))
        retire(Unit.objects.filter(module=record))
        purge(course)
    elif isinstance(record, Unit):
        course = Course.objects.select_for_update().get(pk=record.module.course_id)
        retire(Unit.objects.filter(pk=record.pk))
        purge(course)


@transaction.atomic
def withdraw_course(*, course_id: int) -> None:
    """Take a course with its modules and units out of what is taught; the records stay."""
    course = Course.objects.select_for_update().get(pk=course_id)
    _update(course, {"is_current": False})
    retire(Module.objects.filter(course=course))
    retire(Unit.objects.filter(module__course=course))
    purge(course)


def purge(course: Course) -> None:
    """Let go of every kept page that shows the course or its path."""
    pagecache.purge("list:courses", f"page:{course.translation_key}")
