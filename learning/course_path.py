"""The path of a course: its units as stations on a line.

Order and minutes come from the records, words and addresses from the pages: in the reader's language, or else in the
course's source language.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest
from wagtail.models import Page

from core import languages, locales
from learning.models.records import Course, Module, Unit
from learning.translations import best, readable


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
        for number, stop in enumerate(stops, start=1):
            if stop.key == key:
                return Position(
                    stop=stop,
                    number=number,
                    total=len(stops),
                    previous=stops[number - 2] if number > 1 else None,
                    next=stops[number] if number < len(stops) else None,
                )
        return None


@dataclass(frozen=True)
class Position:
    """Where a unit stands on the path, counted from 1, with its neighbours."""

    stop: Stop
    number: int
    total: int
    previous: Stop | None
    next: Stop | None


def course_path(course: Course, *, language: str, request: HttpRequest | None = None) -> CoursePath:
    """Return the path of a course for a reader of `language`; three queries, whatever the number of units."""
    units = Prefetch("units", queryset=Unit.objects.current().in_order(), to_attr="current_units")
    modules = list(Module.objects.current().filter(course=course).in_order().prefetch_related(units))
    keys = [record.translation_key for module in modules for record in (module, *module.current_units)]
    found = readable(Page.objects.filter(translation_key__in=keys), language, {course.source_locale_id})
    pages = best(found, language)
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
