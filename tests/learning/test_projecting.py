"""Courses, modules and units are written once, from the pages in their source language, and never lost."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from wagtail.models import Page

from learning import services
from learning.errors import IncompleteUnit
from learning.models import Course, CoursePage, Module, ModulePage, Unit, UnitPage
from learning.tasks import repair_courses
from tests.factories import learning as make
from tests.factories.municipalities import term
from tests.learning.paths import path_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def taught(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A course of two modules with two units each, for all tests of this file."""
    with made_once():
        make.whole_course(title="Course")
        yield


@pytest.fixture
def page() -> CoursePage:
    """Return the page of that course."""
    return CoursePage.objects.get()


WHOLE = [
    ("Module 1", [("Unit 1.1", 10), ("Unit 1.2", 10)]),
    ("Module 2", [("Unit 2.1", 10), ("Unit 2.2", 10)]),
]


def test_publishing_a_course_writes_its_records(page: CoursePage) -> None:
    course = make.record_of(page)
    assert (course.title, course.is_current, course.source_locale) == ("Course", True, page.locale)
    assert course.source_revision_id == page.live_revision_id
    assert path_of(page) == WHOLE
    unit = Unit.objects.get(title="Unit 2.1")
    source = UnitPage.objects.get(title="Unit 2.1")
    assert (unit.translation_key, unit.source_revision_id) == (source.translation_key, source.live_revision_id)
    assert (unit.source_locale, unit.order, unit.module.order) == (page.locale, 0, 1)


def test_publishing_again_changes_the_same_records(page: CoursePage) -> None:
    before = Unit.objects.get(title="Unit 1.1")
    unit = UnitPage.objects.get(title="Unit 1.1")
    unit.title, unit.minutes = "A longer unit", 25
    make.publish_now(unit)
    after = Unit.objects.get(translation_key=unit.translation_key)
    assert (after.pk, after.title, after.minutes) == (before.pk, "A longer unit", 25)
    assert after.source_revision_id != before.source_revision_id
    assert (Course.objects.count(), Unit.objects.count()) == (1, 4)
    assert path_of(page) == [("Module 1", [("A longer unit", 25), ("Unit 1.2", 10)]), WHOLE[1]]


def test_a_draft_changes_nothing(page: CoursePage) -> None:
    unit = UnitPage.objects.get(title="Unit 1.1")
    unit.minutes = 99
    unit.save_revision()
    make.module_page(page, publish=False)
    assert path_of(page) == WHOLE


def test_the_audience_is_the_one_of_the_source_page(page: CoursePage) -> None:
    officer, mayor = term("audience", "policy-technical"), term("audience", "elected-official")
    page.audience = [officer, mayor]
    make.publish_now(page)
    assert set(make.record_of(page).audience.all()) == {officer, mayor}
    page.audience = [mayor]
    make.publish_now(page)
    assert list(make.record_of(page).audience.all()) == [mayor]


def test_units_of_an_unpublished_course_wait_for_it() -> None:
    page = make.course_page(publish=False)
    module = make.module_page(page, title="Module")
    make.unit_page(module, title="Unit")
    assert not Course.objects.filter(translation_key=page.translation_key).exists()
    make.publish_now(page)
    assert path_of(page) == [("Module", [("Unit", 10)])]


def test_units_of_an_unpublished_module_wait_for_it() -> None:
    page = make.course_page()
    module = make.module_page(page, title="Module", publish=False)
    make.unit_page(module, title="Unit")
    assert path_of(page) == []
    make.publish_now(module)
    assert path_of(page) == [("Module", [("Unit", 10)])]


def test_a_page_scheduled_for_later_does_not_project() -> None:
    page = make.course_page(publish=False)
    page.go_live_at = timezone.now() + timedelta(days=1)
    page.save_revision().publish()
    assert not Course.objects.filter(translation_key=page.translation_key).exists()


def test_an_alias_does_not_project(page: CoursePage) -> None:
    page.create_alias(parent=page.get_parent(), update_slug="again", recursive=True)
    make.publish_now(page)
    assert Course.objects.count() == 1


def test_a_copy_is_a_course_of_its_own(page: CoursePage) -> None:
    copy = page.copy(recursive=True, to=page.get_parent(), update_attrs={"slug": "copy", "title": "Copy"})
    services.repair_courses()
    assert Course.objects.count() == 2
    assert path_of(copy) == path_of(page) == WHOLE
    assert Unit.objects.values("translation_key").distinct().count() == 8


@pytest.mark.parametrize(
    ("model", "title", "left"),
    [
        (UnitPage, "Unit 1.1", [("Module 1", [("Unit 1.2", 10)]), WHOLE[1]]),
        (ModulePage, "Module 1", [WHOLE[1]]),
        (CoursePage, "Course", []),
    ],
)
@pytest.mark.parametrize("act", ["unpublish", "delete"])
def test_a_page_that_goes_takes_its_record_out_of_the_course_but_not_away(
    page: CoursePage, model: type[Page], title: str, left: list, act: str
) -> None:
    getattr(model.objects.get(title=title), act)()
    assert path_of(page) == left
    assert (Course.objects.count(), Module.objects.count(), Unit.objects.count()) == (1, 2, 4)
    assert make.record_of(page).is_current is (model is not CoursePage)


@pytest.mark.parametrize("model", [UnitPage, ModulePage, CoursePage])
def test_what_is_published_again_comes_back_as_the_same_record(page: CoursePage, model: type[Page]) -> None:
    units = set(Unit.objects.values_list("pk", flat=True))
    gone = model.objects.order_by("path").first()
    gone.unpublish()
    assert path_of(page) != WHOLE
    make.publish_now(model.objects.get(pk=gone.pk))
    assert path_of(page) == WHOLE
    assert set(Unit.objects.values_list("pk", flat=True)) == units


def test_reordering_modules_and_units_reorders_the_course(page: CoursePage) -> None:
    ModulePage.objects.get(title="Module 2").move(ModulePage.objects.get(title="Module 1"), pos="left")
    UnitPage.objects.get(title="Unit 1.2").move(UnitPage.objects.get(title="Unit 1.1"), pos="left")
    assert path_of(page) == [
        ("Module 2", [("Unit 2.1", 10), ("Unit 2.2", 10)]),
        ("Module 1", [("Unit 1.2", 10), ("Unit 1.1", 10)]),
    ]


def test_a_unit_moved_to_another_course_takes_its_record_along(page: CoursePage) -> None:
    second = make.whole_course(modules=1, units=1)
    unit = Unit.objects.filter(title="Unit 1.2").get()
    target = ModulePage.objects.child_of(second).get()
    UnitPage.objects.get(title="Unit 1.2").move(target, pos="last-child")
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10)]), WHOLE[1]]
    assert path_of(second) == [("Module 1", [("Unit 1.1", 10), ("Unit 1.2", 10)])]
    assert Unit.objects.get(pk=unit.pk).module.course == make.record_of(second)


def test_a_unit_without_minutes_cannot_be_published(page: CoursePage) -> None:
    unit = make.unit_page(ModulePage.objects.get(title="Module 1"), minutes=None, title="How long?", publish=False)
    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        unit.save_revision(clean=False).publish()
    assert list(refusal.value.message_dict) == ["minutes"]
    assert not UnitPage.objects.get(pk=unit.pk).live
    assert path_of(page) == WHOLE


def test_a_live_unit_that_lost_its_minutes_is_refused_with_a_sentence(page: CoursePage) -> None:
    UnitPage.objects.filter(title="Unit 1.1").update(minutes=None)
    with pytest.raises(IncompleteUnit) as refusal:
        services.project_course(page=page)
    assert str(refusal.value) == "Say how many minutes the unit “Unit 1.1” takes before you publish it."
    assert path_of(page) == WHOLE


def test_publishing_and_projecting_are_one_transaction(page: CoursePage, monkeypatch: pytest.MonkeyPatch) -> None:
    page.title = "After"
    revision = page.save_revision()

    def fail(**kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("learning.receivers.services.project_course", fail)
    with pytest.raises(RuntimeError):
        revision.publish()
    assert CoursePage.objects.get().title == "Course"
    assert make.record_of(page).title == "Course"


def test_the_sweep_repairs_what_went_past_the_signals(page: CoursePage) -> None:
    other = make.whole_course(modules=1, units=1)
    Unit.objects.filter(title="Unit 1.1", module__course__translation_key=page.translation_key).update(minutes=99)
    CoursePage.objects.filter(pk=other.pk).update(live=False)
    assert services.repair_courses() == [page.translation_key, other.translation_key]
    assert path_of(page) == WHOLE
    assert path_of(other) == []
    assert services.repair_courses() == []


def test_the_sweep_says_what_it_repaired_and_goes_on_past_what_it_cannot(
    page: CoursePage, caplog: pytest.LogCaptureFixture
) -> None:
    broken = make.whole_course(modules=1, units=1)
    UnitPage.objects.descendant_of(broken).update(minutes=None)
    Course.objects.filter(translation_key=page.translation_key).update(title="Wrong")
    repair_courses()
    assert make.record_of(page).title == page.title
    assert [record.levelname for record in caplog.records if record.name.startswith("learning")] == ["ERROR", "WARNING"]


@pytest.mark.parametrize(
    "wrong",
    [{"minutes": 0}, {"order": None}, {"is_current": False}, {"kind": "quiz"}],
    ids=["no minutes", "taught without a place", "a place without being taught", "unknown kind"],
)
def test_the_database_refuses_impossible_units(wrong: dict) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.update(**wrong)


def test_the_database_refuses_two_units_in_one_place() -> None:
    def crowd() -> None:
        with transaction.atomic():
            Unit.objects.update(order=0)
            transaction.get_connection().check_constraints()

    with pytest.raises(IntegrityError):
        crowd()


def test_pages_hang_only_where_they_belong() -> None:
    assert CoursePage.clean_subpage_models() == [ModulePage]
    assert [model.__name__ for model in CoursePage.allowed_parent_page_models()] == ["CourseIndexPage"]
    assert ModulePage.clean_subpage_models() == [UnitPage]
    assert UnitPage.clean_subpage_models() == []
