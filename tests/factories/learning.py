"""Courses for tests, as pages published the way the editor does it, and what people do in them."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from wagtail.models import Page, Revision

from core import clock
from learning.models import (
    Cohort,
    Course,
    CourseIndexPage,
    CoursePage,
    Enrolment,
    Module,
    ModulePage,
    Unit,
    UnitPage,
)
from learning.services import Invitee, TeamOutcome, enrol_team, join, save_cohort
from municipalities.models import Membership
from tests.factories import core, municipalities

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
    """Make a course with its modules and units, all live; titles count from 1, such as "Unit 2.1".

    Only the course is published the way the editor does it, and last: that writes the records of all. The others
    stand as if they had been, without the signals of it, which take most of the time: they are not in the index.
    """
    page = course_page(publish=False, **fields)
    for first in range(1, modules + 1):
        module = _live(module_page(page, publish=False, live=True, title=f"Module {first}", slug=f"module-{first}"))
        for second in range(1, units + 1):
            title, slug = f"Unit {first}.{second}", f"unit-{first}-{second}"
            _live(unit_page(module, publish=False, live=True, title=title, slug=slug, minutes=minutes))
    page.refresh_from_db()
    return publish_now(page)


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


def _live(page: Any) -> Any:
    """Give a page that was made live the revision that it would have been published from."""
    revision = Revision.objects.create(
        content_object=page, base_content_type=page.get_base_content_type(), content=page.serializable_data()
    )
    page.live_revision = page.latest_revision = revision
    page.first_published_at = page.last_published_at = page.latest_revision_created_at = revision.created_at
    Page.objects.filter(pk=page.pk).update(
        live_revision=revision,
        latest_revision=revision,
        first_published_at=revision.created_at,
        last_published_at=revision.created_at,
        latest_revision_created_at=revision.created_at,
    )
    return page


def _page(model: type[Page], parent: Page, word: str, *, publish: bool, **fields: Any) -> Any:
    number = next(_numbers)
    defaults = {"title": f"{word.capitalize()} {number}", "slug": f"{word}-{number}", "locale": parent.locale}
    # The parent in memory may not know how many children it has by now.
    parent.refresh_from_db()
    page = parent.add_child(instance=model(**{**defaults, "live": False, **fields}))
    return publish_now(page) if publish else page


def bare_course(*, units: int = 2, title: str = "Climate budgets") -> Course:
    """Make a course of one module without any page, in a fraction of the time: for what people do in it."""
    number = next(_numbers)
    source = core.locale("en")
    course = Course.objects.create(translation_key=uuid4(), source_locale=source, title=f"{title} {number}")
    module = Module.objects.create(
        translation_key=uuid4(), source_locale=source, title="Module 1", course=course, order=0
    )
    for order in range(units):
        Unit.objects.create(
            translation_key=uuid4(),
            source_locale=source,
            title=f"Unit 1.{order + 1}",
            module=module,
            order=order,
            minutes=10,
        )
    return course


def public_page(course: Course, *, language: str = "en", **fields: Any) -> Page:
    """Make a page that anybody may read stand for a course that has none; what it says of the course is its title."""
    home = Page.get_first_root_node()
    page = core.PlainPage(
        title=fields.pop("title", course.title),
        slug=f"course-{next(_numbers)}",
        locale=core.locale(language),
        translation_key=course.translation_key,
        **fields,
    )
    return home.add_child(instance=page)


def public_cohort(**fields: Any) -> Cohort:
    """Make a cohort that takes people now, of a course that anybody may read about."""
    made = cohort(**fields)
    public_page(made.course)
    return made


def units_of(course: Course) -> list[Unit]:
    """Return the units of a course in their order."""
    return list(Unit.objects.filter(module__course=course).in_order())


def cohort(**fields: Any) -> Cohort:
    """Make a cohort that takes people now: it begins in ten days and lasts four weeks, in Brussels, unless told."""
    number = next(_numbers)
    today = clock.now().date()
    starts = fields.pop("starts_on", None) or today + timedelta(days=10)
    given = {
        "slug": f"cohort-{number}",
        "name": f"Cohort {number}",
        "starts_on": starts,
        "ends_on": starts + timedelta(days=27),
        "timezone": "Europe/Brussels",
        "languages": ["en"],
    }
    moderators = fields.pop("moderators", ())
    if "course" not in fields:
        given["course"] = bare_course()
    return save_cohort(cohort=Cohort(**{**given, **fields}), moderators=moderators)


def running_cohort(**fields: Any) -> Cohort:
    """Make a cohort that began ten days ago and still takes people."""
    today = clock.now().date()
    late = clock.now() + timedelta(days=5)
    return cohort(**{"starts_on": today - timedelta(days=10), "closes_at": late, **fields})


def invitee(name: str = "Ana Silva", **fields: Any) -> Invitee:
    """Return a colleague; the address follows the name."""
    return Invitee(
        **{"email": f"{name.lower().replace(' ', '.')}@example.org", "name": name, "language": "en", **fields}
    )


def team(cohort: Cohort, *names: str, coordinator: Membership | None = None) -> TeamOutcome:
    """Enrol a team through the service, of a city with an approved coordinator unless one is given."""
    by = coordinator or municipalities.coordinator()
    return enrol_team(
        cohort_id=cohort.pk,
        local_government_id=by.local_government_id,
        coordinator=by.person,
        people=[invitee(name) for name in names],
    )


def invited(cohort: Cohort, name: str = "Ana Silva", *, coordinator: Membership | None = None) -> Enrolment:
    """Enrol one person of a city through the service."""
    return team(cohort, name, coordinator=coordinator).enrolled[0]


def learner(cohort: Cohort, name: str = "Ana Silva", *, coordinator: Membership | None = None) -> Enrolment:
    """Enrol one person of a city and let them join by their link."""
    return join(enrolment_id=invited(cohort, name, coordinator=coordinator).pk)
