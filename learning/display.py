"""What the pages of a course, its modules and its units show beside their words."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from wagtail.models import Page

from core import dates, languages, locales
from events.querysets import public_pages
from learning import fitting
from learning.course_path import CoursePath, course_path
from learning.models.enrolment import Enrolment
from learning.models.records import Course, Module
from learning.translations import best, readable

# The tree is root, home pages, section; the trail of a page begins at its section.
SECTION_DEPTH = 3


def pages_above(page: Page) -> list[Page]:
    """Return the pages above `page` in the tree, from its section down."""
    return list(page.get_ancestors().filter(depth__gte=SECTION_DEPTH).order_by("depth"))


def taught_in(page: Any) -> list[Course | Module]:
    """Return the course and, for a unit, the module in which the path has what a page within a course stands for.

    Nothing while it is not taught, nor where its source has moved into a course that is kept to some people: of that
    one a page that stayed behind says nothing.
    """
    found = page.records_above()
    if not found or page.course_key_by_tree in {None, found[0].translation_key}:
        return found
    is_public = public_pages().filter(translation_key=found[0].translation_key).exists()
    return found if is_public else []


def trail_of(page: Any) -> list[Page]:
    """Return the section, and below it the course and module that a page within a course belongs to.

    A translation stays where it is in the tree when its source moves to another module: it belongs where the path has
    it, and the path follows the source.
    """
    keys = [record.translation_key for record in page.taught_in]
    if not keys or keys == [parent.translation_key for parent in page.above[1:]]:
        return page.above
    language = locales.code_of(page.locale_id)
    named = Page.objects.filter(translation_key__in=keys)
    pages = best(readable(named, language, {page.taught_in[0].source_locale_id}), language)
    return [*page.above[:1], *(pages[key] for key in keys if key in pages)]


def crumbs(page: Any, request: HttpRequest) -> list[dict[str, str]]:
    """Return the items of the breadcrumb, the page itself last."""
    above = [
        {"title": one.title, "url": one.get_url(request) or "", "language": locales.code_of(one.locale_id)}
        for one in page.trail
        if one.live
    ]
    return [*above, {"title": page.title, "url": ""}]


def course_context(page: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what a course page shows beside its words."""
    course = Course.objects.filter(translation_key=page.translation_key).first()
    path = _path_or_nothing(course, request)
    return {
        "crumbs": crumbs(page, request),
        "course": course,
        "facts": _course_facts(page, course, path),
        "path": path,
        "cohorts": fitting.cards(course, request),
        "own_cohorts": _own_cohorts(course, request),
    }


def _own_cohorts(course: Course | None, request: HttpRequest) -> set[str]:
    """Return the slugs of those that the visitor takes part in; empty for everybody without a session.

    Only a visitor with a session is looked up: asking would open one, and a page that has asked is kept for nobody.
    """
    if course is None or settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return set()
    mine = Enrolment.objects.joined().of_person(request.user).filter(cohort__course=course)
    return set(mine.values_list("cohort__slug", flat=True))


def _course_facts(page: Any, course: Course | None, path: CoursePath) -> list[dict[str, str]]:
    """Return what somebody weighs before beginning: only what is known."""
    audience = _(", ").join(term.label for term in course.audience.all()) if course else ""
    facts = [
        (_("Modules"), str(len(path.stages)) if path.stages else ""),
        (_("Reading time"), dates.duration(path.minutes) if path.minutes else ""),
        (_("Time beside it"), page.effort),
        (_("For"), audience),
        (_("How it runs"), page.how_it_runs),
    ]
    return [{"term": term, "value": value} for term, value in facts if value]


def module_context(page: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what a module page shows beside its words; `stage` is None while the module is not taught."""
    path = _path_or_nothing(_course_above(page), request)
    stages = list(path.stages)
    stage = path.stage_of(page.translation_key)
    number = stages.index(stage) + 1 if stage else None
    return {
        "crumbs": crumbs(page, request),
        "path": path,
        "stage": stage,
        "number": number,
        "previous": stages[number - 2] if number and number > 1 else None,
        "next": stages[number] if number and number < len(stages) else None,
    }


def unit_context(page: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what a unit page shows beside its words; `position` is None while the unit is not taught."""
    path = _path_or_nothing(_course_above(page), request)
    position = path.position_of(page.translation_key)
    stage = next((stage for stage in path.stages if position and position.stop in stage.stops), None)
    stops = stage.stops if stage else ()
    return {
        "crumbs": crumbs(page, request),
        "path": path,
        "position": position,
        "stage": stage,
        "stations": [replace(stop, state="now") if stop == position.stop else stop for stop in stops],
    }


def _path_or_nothing(course: Course | None, request: HttpRequest) -> CoursePath:
    if course is None:
        return CoursePath(())
    return course_path(course, language=languages.current(), request=request)


def _course_above(page: Any) -> Course | None:
    if page.taught_in:
        return page.taught_in[0]
    return Course.objects.filter(translation_key=page.course_key).first() if page.course_key else None
