"""Courses, modules and units are written once, from the pages in their source language, and never lost."""

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

pytestmark = pytest.mark.django_db


def path_of(page: CoursePage) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return what is taught now: each module with its units and their minutes."""
    modules = Module.objects.current().filter(course__translation_key=page.translation_key).in_order()
    return [
        (module.title, list(module.units.current().in_order().values_list("title", "minutes"))) for module in modules
    ]


WHOLE = [
    ("Module 1", [("Unit 1.1", 10), ("Unit 1.2", 10)]),
    ("Module 2", [("Unit 2.1", 10), ("Unit 2.2", 10)]),
]


def test_publishing_a_course_writes_its_records() -> None:
    page = make.whole_course(title="Climate budgeting")
    course = make.record_of(page)
    assert (course.title, course.is_current, course.source_locale) == ("Climate budgeting", True, page.locale)
    assert course.source_revision_id == page.live_revision_id
    assert path_of(page) == WHOLE
    unit = Unit.objects.get(title="Unit 2.1")
    source = UnitPage.objects.get(title="Unit 2.1")
    assert (unit.translation_key, unit.source_revision_id) == (source.translation_key, source.live_revision_id)
    assert (unit.source_locale, unit.order, unit.module.order) == (page.locale, 0, 1)


def test_publishing_again_changes_the_same_records() -> None:
    page = make.whole_course(modules=1, units=1)
    before = Unit.objects.get()
    unit = UnitPage.objects.get()
    unit.title, unit.minutes = "A longer unit", 25
    make.publish_now(unit)
    after = Unit.objects.get()
    assert (after.pk, after.title, after.minutes) == (before.pk, "A longer unit", 25)
    assert after.source_revision_id != before.source_revision_id
    assert Course.objects.count() == 1
    assert path_of(page) == [("Module 1", [("A longer unit", 25)])]


def test_a_draft_changes_nothing() -> None:
    page = make.whole_course(modules=1, units=1)
    unit = UnitPage.objects.get()
    unit.minutes = 99
    unit.save_revision()
    make.module_page(page, publish=False)
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10)])]


def test_the_audience_is_the_one_of_the_source_page() -> None:
    officer, mayor = term("audience", "policy-technical"), term("audience", "elected-official")
    page = make.course_page()
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
    assert not Course.objects.exists()
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
    assert not Course.objects.exists()


def test_an_alias_does_not_project() -> None:
    page = make.whole_course(modules=1, units=1)
    page.create_alias(parent=page.get_parent(), update_slug="again", recursive=True)
    make.publish_now(page)
    assert Course.objects.count() == 1


def test_a_copy_is_a_course_of_its_own() -> None:
    page = make.whole_course(modules=1, units=1)
    copy = page.copy(recursive=True, to=page.get_parent(), update_attrs={"slug": "copy", "title": "Copy"})
    services.repair_courses()
    assert Course.objects.count() == 2
    assert path_of(copy) == path_of(page) == [("Module 1", [("Unit 1.1", 10)])]
    assert Unit.objects.values("translation_key").distinct().count() == 2


def test_a_translation_changes_no_record() -> None:
    page = make.whole_course(modules=1, units=1)
    section = make.translated(page.get_parent().specific, "fr")
    french = make.translated(page, "fr", title="Le cours")
    module = make.translated(ModulePage.objects.get(locale__language_code="en"), "fr", title="Le module")
    make.translated(UnitPage.objects.get(locale__language_code="en"), "fr", title="L’unité", minutes=45)
    assert french.get_parent().pk == section.pk
    assert module.get_parent().pk == french.pk
    assert make.record_of(page).title == page.title
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10)])]


def test_unpublishing_a_translation_leaves_the_unit_in_the_course() -> None:
    page = make.whole_course(modules=1, units=1)
    make.translated(page.get_parent().specific, "fr")
    for source in (page, ModulePage.objects.get(), UnitPage.objects.get()):
        make.translated(source, "fr")
    UnitPage.objects.get(locale__language_code="fr").unpublish()
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10)])]


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
    model: type[Page], title: str, left: list, act: str
) -> None:
    page = make.whole_course(title="Course")
    getattr(model.objects.get(title=title), act)()
    assert path_of(page) == left
    assert (Course.objects.count(), Module.objects.count(), Unit.objects.count()) == (1, 2, 4)
    assert make.record_of(page).is_current is (model is not CoursePage)


@pytest.mark.parametrize("model", [UnitPage, ModulePage, CoursePage])
def test_what_is_published_again_comes_back_as_the_same_record(model: type[Page]) -> None:
    page = make.whole_course(title="Course")
    units = set(Unit.objects.values_list("pk", flat=True))
    gone = model.objects.order_by("path").first()
    gone.unpublish()
    assert path_of(page) != WHOLE
    make.publish_now(model.objects.get(pk=gone.pk))
    assert path_of(page) == WHOLE
    assert set(Unit.objects.values_list("pk", flat=True)) == units


def test_reordering_modules_and_units_reorders_the_course() -> None:
    page = make.whole_course()
    ModulePage.objects.get(title="Module 2").move(ModulePage.objects.get(title="Module 1"), pos="left")
    UnitPage.objects.get(title="Unit 1.2").move(UnitPage.objects.get(title="Unit 1.1"), pos="left")
    assert path_of(page) == [
        ("Module 2", [("Unit 2.1", 10), ("Unit 2.2", 10)]),
        ("Module 1", [("Unit 1.2", 10), ("Unit 1.1", 10)]),
    ]


def test_a_unit_moved_to_another_course_takes_its_record_along() -> None:
    first, second = make.whole_course(modules=1), make.whole_course(modules=1, units=1)
    unit = Unit.objects.filter(title="Unit 1.2").get()
    target = ModulePage.objects.child_of(second).get()
    UnitPage.objects.get(title="Unit 1.2").move(target, pos="last-child")
    assert path_of(first) == [("Module 1", [("Unit 1.1", 10)])]
    assert path_of(second) == [("Module 1", [("Unit 1.1", 10), ("Unit 1.2", 10)])]
    assert Unit.objects.get(pk=unit.pk).module.course == make.record_of(second)


def test_a_unit_without_minutes_cannot_be_published() -> None:
    page = make.whole_course(modules=1, units=1)
    unit = make.unit_page(ModulePage.objects.get(), minutes=None, title="How long?", publish=False)
    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        unit.save_revision(clean=False).publish()
    assert list(refusal.value.message_dict) == ["minutes"]
    assert not UnitPage.objects.get(pk=unit.pk).live
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10)])]


def test_a_live_unit_that_lost_its_minutes_is_refused_with_a_sentence() -> None:
    page = make.whole_course(modules=1, units=1)
    UnitPage.objects.update(minutes=None)
    with pytest.raises(IncompleteUnit) as refusal:
        services.project_course(page=page)
    assert str(refusal.value) == "Say how many minutes the unit “Unit 1.1” takes before you publish it."
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10)])]


@pytest.mark.django_db(transaction=True)
def test_publishing_and_projecting_are_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    page = make.whole_course(modules=1, units=1, title="Before")
    page.title = "After"
    revision = page.save_revision()

    def fail(**kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("learning.receivers.services.project_course", fail)
    with pytest.raises(RuntimeError):
        revision.publish()
    assert CoursePage.objects.get().title == "Before"
    assert make.record_of(page).title == "Before"


def test_after_the_source_is_deleted_a_translation_does_not_take_over_by_itself() -> None:
    page = make.whole_course(modules=1, units=1, title="Course")
    make.translated(page.get_parent().specific, "fr")
    french = make.translated(page, "fr", title="Le cours")
    for source in (ModulePage.objects.get(), UnitPage.objects.get()):
        make.translated(source, "fr", title=f"{source.title} en français")
    page.delete()
    make.publish_now(CoursePage.objects.get())
    course = make.record_of(french)
    assert (course.title, course.is_current, path_of(french)) == ("Course", False, [])


def test_the_sweep_repairs_what_went_past_the_signals() -> None:
    page = make.whole_course(modules=1)
    other = make.whole_course(modules=1)
    Unit.objects.filter(title="Unit 1.1", module__course__translation_key=page.translation_key).update(minutes=99)
    CoursePage.objects.filter(pk=other.pk).update(live=False)
    assert services.repair_courses() == [page.translation_key, other.translation_key]
    assert path_of(page) == [("Module 1", [("Unit 1.1", 10), ("Unit 1.2", 10)])]
    assert path_of(other) == []
    assert services.repair_courses() == []


def test_the_sweep_says_what_it_repaired_and_goes_on_past_what_it_cannot(caplog: pytest.LogCaptureFixture) -> None:
    broken, page = make.whole_course(modules=1, units=1), make.whole_course(modules=1, units=1)
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
    make.whole_course(modules=1, units=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.update(**wrong)


def test_the_database_refuses_two_units_in_one_place() -> None:
    make.whole_course(modules=1, units=2)

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
