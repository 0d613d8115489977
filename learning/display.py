"""What the pages of learning show: the path of a course, where the reader stands on it, and the cards of courses.

Order and minutes come from the records, words and addresses from the pages: in the reader's language, or else in the
course's source language.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.translation import gettext as _
from wagtail.models import Page

from core import dates, languages, locales
from learning import cohort_words
from learning.models.cohort import Cohort
from learning.models.enrolment import Enrolment
from learning.models.records import Course, Module, Unit

# The tree is root, home pages, section; the trail of a page begins at its section.
SECTION_DEPTH = 3


@dataclass(frozen=True)
class Stop:
    """A unit on the path: one station."""

    key: UUID
    title: str
    url: str
    language: str
    kind: str
    minutes: int
    # "now" for the unit that is being read.
    state: str = ""

    @property
    def text(self) -> str:
        """The language of the unit, where it is not the reader's."""
        return "" if self.language == languages.current() else languages.own_name(self.language)


@dataclass(frozen=True)
class Stage:
    """A module on the path, with its stations."""

    key: UUID
    title: str
    url: str
    language: str
    stops: tuple[Stop, ...]

    @property
    def minutes(self) -> int:
        """The minutes of its units together."""
        return sum(stop.minutes for stop in self.stops)


@dataclass(frozen=True)
class CoursePath:
    """Modules and units of a course in their order, as one reader sees them."""

    stages: tuple[Stage, ...]

    @property
    def stops(self) -> list[Stop]:
        """All units, one after the other."""
        return [stop for stage in self.stages for stop in stage.stops]

    @property
    def minutes(self) -> int:
        """The minutes of all units together."""
        return sum(stage.minutes for stage in self.stages)

    def stage_of(self, key: UUID) -> Stage | None:
        """Return the module with this key."""
        return next((stage for stage in self.stages if stage.key == key), None)

    def position_of(self, key: UUID) -> "Position | None":
        """Return where the unit with this key stands; None for a unit that is not on the path."""
        stops = self.stops
        for place, stop in enumerate(stops):
            if stop.key == key:
                return Position(
                    stop=stop,
                    number=place + 1,
                    total=len(stops),
                    previous=stops[place - 1] if place else None,
                    next=stops[place + 1] if place + 1 < len(stops) else None,
                )
        return None


@dataclass(frozen=True)
class Position:
    """A unit's place on the path, counted from 1, with its neighbours."""

    stop: Stop
    number: int
    total: int
    previous: Stop | None
    next: Stop | None


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


def course_path(course: Course, *, language: str, request: HttpRequest | None = None) -> CoursePath:
    """Return the path of a course for a reader of `language`; three queries, whatever the number of units."""
    units = Prefetch("units", queryset=Unit.objects.current().in_order(), to_attr="current_units")
    modules = list(Module.objects.current().filter(course=course).in_order().prefetch_related(units))
    keys = [record.translation_key for module in modules for record in (module, *module.current_units)]
    found = _readable(Page.objects.filter(translation_key__in=keys), language, {course.source_locale_id})
    pages = _best(found, language)
    stages = []
    for module in modules:
        page = pages.get(module.translation_key)
        if page is None:
            continue
        stops = (
            Stop(
                key=unit.translation_key,
                title=pages[unit.translation_key].title,
                url=pages[unit.translation_key].get_url(request) or "",
                language=locales.code_of(pages[unit.translation_key].locale_id),
                kind=unit.get_kind_display(),
                minutes=unit.minutes,
            )
            for unit in module.current_units
            if unit.translation_key in pages
        )
        stages.append(
            Stage(
                key=module.translation_key,
                title=page.title,
                url=page.get_url(request) or "",
                language=locales.code_of(page.locale_id),
                stops=tuple(stops),
            )
        )
    return CoursePath(tuple(stages))


def course_cards(
    *, language: str, request: HttpRequest | None = None, limit: int | None = None, newest_first: bool = False
) -> list[CourseCard]:
    """Return each public course once, in the reader's language or else in its source language; four queries.

    They stand in the editors' order, or the newest first.
    """
    courses = {
        course.translation_key: course for course in Course.objects.current().with_totals().prefetch_related("audience")
    }
    # Pages stand above this module, so their class is looked up where it is needed.
    of_courses = apps.get_model("learning", "CoursePage").objects.public().filter(translation_key__in=courses)
    found = _readable(of_courses, language, {course.source_locale_id for course in courses.values()})
    pages = _best(found, language)
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


def _readable(pages: Any, language: str, sources: Iterable[int]) -> list[Any]:
    """Return the live pages in `language` and in the source locales; one query.

    An alias stands for a translation that nobody has made: its words are those of the source.
    """
    wanted = {locales.ids().get(language), *sources} - {None}
    return list(pages.filter(live=True, alias_of=None, locale_id__in=wanted))


def _best(pages: Iterable[Any], language: str) -> dict[UUID, Any]:
    """Return by translation key the page in `language`, or else the other one."""
    here = locales.ids().get(language)
    best: dict[UUID, Any] = {}
    for page in pages:
        if page.locale_id == here or page.translation_key not in best:
            best[page.translation_key] = page
    return best


# What the page types show ----------------------------------------------------------------------------


def trail_of(page: Page) -> list[Page]:
    """Return the pages above `page`, from its section down."""
    return list(page.get_ancestors().filter(depth__gte=SECTION_DEPTH).order_by("depth"))


def crumbs(page: Any, request: HttpRequest) -> list[dict[str, str]]:
    """Return the items of the breadcrumb, the page itself last."""
    above = [{"title": parent.title, "url": parent.get_url(request) or ""} for parent in page.trail if parent.live]
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
        "cohorts": _cohorts(course),
        "own_cohorts": _own_cohorts(course, request),
    }


def _cohorts(course: Course | None) -> list[cohort_words.CohortCard]:
    """Return the course's cohorts to come or running: those in the reader's language first. The same for everybody."""
    if course is None:
        return []
    found = Cohort.objects.listed().of_course(course).select_related("course")
    return sorted(cohort_words.cards(found), key=lambda card: not card.is_in_language)


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
    place = stages.index(stage) if stage else None
    return {
        "crumbs": crumbs(page, request),
        "path": path,
        "stage": stage,
        "number": None if place is None else place + 1,
        "previous": stages[place - 1] if place else None,
        "next": stages[place + 1] if place is not None and place + 1 < len(stages) else None,
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
    return Course.objects.filter(translation_key=page.course_key).first() if page.course_key else None
