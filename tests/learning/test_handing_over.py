"""The source page of a course is deleted: its pages in another language speak for it, and nobody loses anything."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from learning import services
from learning.models import Course, CoursePage, ModulePage, Unit, UnitPage
from learning.tasks import repair_courses
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import learning as make
from tests.factories.municipalities import term
from tests.learning.paths import path_of

pytestmark = pytest.mark.django_db

Committing = Callable[..., Any]
PATH = [("Le module", [("L’unité", 10)])]


@pytest.fixture
def admin(client: Client) -> Client:
    """Return the browser of somebody who may do everything."""
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


@pytest.fixture
def delete(admin: Client, django_capture_on_commit_callbacks: Committing) -> Callable[[Page], None]:
    """Delete a page as staff do, and commit it."""

    def through_the_view(page: Page) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            assert admin.post(reverse("wagtailadmin_pages:delete", args=[page.pk])).status_code == 302
        assert not Page.objects.filter(pk=page.pk).exists()

    return through_the_view


def of(course: CoursePage, model: type[Page]) -> Any:
    return model.objects.descendant_of(course).order_by("path").first()


def in_french(course: CoursePage) -> CoursePage:
    """Translate a course with its first module and that one's first unit; its minutes are old ones."""
    french = make.translated(course, "fr", title="Le cours")
    make.translated(of(course, ModulePage), "fr", title="Le module")
    make.translated(of(course, UnitPage), "fr", title="L’unité", minutes=45)
    return french


@pytest.fixture(scope="module", autouse=True)
def made(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A course of two modules with two units each, of which French has one unit in one module."""
    with made_once():
        in_french(make.whole_course(modules=2, units=2, title="Budgets"))
        yield


@pytest.fixture
def english() -> CoursePage:
    return CoursePage.objects.get(title="Budgets")


@pytest.fixture
def french() -> CoursePage:
    return CoursePage.objects.get(title="Le cours")


@pytest.fixture
def untranslated() -> CoursePage:
    return make.whole_course(modules=2, units=2, title="Water")


def minutes_of(page: UnitPage) -> list[int]:
    """Return them as the page, and as each of its revisions, says them."""
    page = UnitPage.objects.get(pk=page.pk)
    revisions = [one.as_object() for one in page.revisions.order_by("pk")]
    return [one.minutes for one in (page, *revisions)]


def test_the_remaining_pages_speak_for_the_course(delete, english, french):
    before = list(Unit.objects.order_by("pk").values_list("pk", "translation_key"))
    delete(english)
    course = make.record_of(french)
    assert (course.source_locale.language_code, course.title, course.is_current) == ("fr", "Le cours", True)
    assert course.source_revision_id == CoursePage.objects.get(pk=french.pk).live_revision_id
    assert path_of(french) == PATH
    assert list(Unit.objects.order_by("pk").values_list("pk", "translation_key")) == before


def test_minutes_stay_as_people_know_them(delete, english, french):
    unit = of(french, UnitPage)
    assert minutes_of(unit) == [45, 10, 45]
    delete(english)
    assert minutes_of(unit) == [10, 10, 10]


def test_the_audience_stays_though_the_translation_had_another(delete, english, french):
    officer, mayor = term("audience", "policy-technical"), term("audience", "elected-official")
    english.audience = [officer]
    make.publish_now(english)
    french.audience = [mayor]
    make.publish_now(french)
    delete(english)
    assert list(make.record_of(french).audience.all()) == [officer]
    page = CoursePage.objects.get(pk=french.pk)
    assert (list(page.audience.all()), list(page.get_latest_revision_as_object().audience.all())) == (
        [officer],
        [officer],
    )


def test_staff_can_change_it_from_there(delete, english, french):
    delete(english)
    make.unit_page(of(french, ModulePage), title="La deuxième", minutes=20)
    page = CoursePage.objects.get(pk=french.pk)
    page.title = "Le nouveau cours"
    make.publish_now(page)
    assert make.record_of(french).title == "Le nouveau cours"
    assert path_of(french) == [("Le module", [("L’unité", 10), ("La deuxième", 20)])]


def test_a_draft_keeps_its_words_and_brings_nothing_old_back_once_it_is_published(delete, english, french):
    unit = of(french, UnitPage)
    unit.title = "Un brouillon"
    draft = unit.save_revision()
    delete(english)
    assert path_of(french) == PATH
    draft.refresh_from_db()
    draft.publish()
    assert path_of(french) == [("Le module", [("Un brouillon", 10)])]


def test_a_page_that_is_no_longer_public_teaches_nothing_until_it_is_published(delete, english, french):
    french.unpublish()
    delete(english)
    course = make.record_of(french)
    assert (course.source_locale.language_code, course.is_current, path_of(french)) == ("fr", False, [])
    make.publish_now(CoursePage.objects.get(pk=french.pk))
    assert (make.record_of(french).is_current, path_of(french)) == (True, PATH)


def test_a_public_page_comes_before_a_draft_and_then_the_order_of_the_sites_languages(delete, english, french):
    for language in ("pt", "es"):
        make.translated(english, language)
    CoursePage.objects.get(pk=french.pk).unpublish()
    spoke = []
    key = english.translation_key
    while left := CoursePage.objects.filter(translation_key=key, locale=make.record_of(english).source_locale).first():
        spoke.append(left.locale.language_code)
        delete(left)
    assert spoke == ["en", "es", "pt", "fr"]


def test_deleting_a_translation_hands_nothing_over(delete, english, french):
    delete(french)
    course = make.record_of(english)
    assert (course.source_locale.language_code, course.is_current, len(path_of(english))) == ("en", True, 2)


def test_with_the_section_all_its_courses_are_handed_over(delete, english, french):
    in_french(make.whole_course(modules=1, units=1, title="Heat"))
    delete(make.section())
    found = Course.objects.filter(is_current=True).values_list("source_locale__language_code", flat=True)
    assert list(found) == ["fr", "fr"]


def test_what_its_source_took_to_another_course_stays_there(delete, english, french):
    """A translation does not follow its source in the tree: below the course handed over it stands for nothing."""
    other = make.whole_course(modules=1, units=0, title="Heat")
    moved = of(english, UnitPage)
    moved.move(of(other, ModulePage), pos="last-child")
    delete(english)
    assert path_of(french) == [("Le module", [])]
    assert path_of(other) == [("Module 1", [("Unit 1.1", 10)])]
    assert services.repair_courses() == []
    assert minutes_of(of(french, UnitPage)) == [45, 10, 45]


def test_a_unit_that_cannot_be_taught_waits_for_staff(delete, english, french, caplog):
    unit = make.unit_page(of(french, ModulePage), title="Nouvelle")
    UnitPage.objects.filter(pk=unit.pk).update(minutes=None)
    delete(english)
    assert (make.record_of(french).source_locale.language_code, path_of(french)) == ("fr", [])
    assert f"Page {french.pk} speaks for its course, but not yet in full: IncompleteUnit" in caplog.text


def test_who_has_completed_a_unit_has_completed_it(delete, english, french):
    person = make.learner(make.running_cohort(course=make.record_of(english)))
    unit = Unit.objects.get(translation_key=of(english, UnitPage).translation_key)
    services.complete_unit(enrolment_id=person.pk, unit_id=unit.pk)
    delete(english)
    assert list(person.progress.values_list("unit", flat=True)) == [unit.pk]
    assert Unit.objects.get(pk=unit.pk).is_current


def records(*pages: Page) -> list[Unit]:
    return [Unit.objects.get(translation_key=page.translation_key) for page in pages]


def test_nobody_is_completed_by_what_the_handing_over_left_behind(delete, english, french):
    """Of four units French has one."""
    cohort = make.running_cohort(course=make.record_of(english))
    ana, bo, cy = (make.learner(cohort, name) for name in ("Ana", "Bo", "Cy"))
    taught, other, *rest = records(*UnitPage.objects.descendant_of(english).order_by("path"))

    def do(person, *units: Unit) -> str:
        for unit in units:
            services.complete_unit(enrolment_id=person.pk, unit_id=unit.pk)
        person.refresh_from_db()
        return person.state

    do(ana, taught), do(bo, other), do(cy, other, *rest)
    delete(english)
    repair_courses()
    assert do(ana) == "active"
    # Bo has begun what is taught no more; Cy had done all of it.
    assert (do(bo, taught), do(cy, taught)) == ("active", "completed")
    # Who begins now takes the course as it is.
    assert do(make.learner(cohort, "Di"), taught) == "completed"


def test_once_the_translations_are_public_the_sweep_completes_again_who_has_nothing_left_to_do(delete):
    page = make.whole_course(modules=1, units=2, title="Heat")
    first, second = UnitPage.objects.descendant_of(page).order_by("path")
    french = in_french(page)
    person = make.learner(make.running_cohort(course=make.record_of(page)))
    services.complete_unit(enrolment_id=person.pk, unit_id=records(first)[0].pk)
    draft = make.translated(second, "fr", title="La deuxième")
    draft.unpublish()
    delete(page)
    assert (services.complete_finished(), path_of(french)) == ([], PATH)
    draft = UnitPage.objects.get(pk=draft.pk)
    make.publish_now(draft)
    assert services.complete_finished() == []
    UnitPage.objects.get(pk=draft.pk).unpublish()
    # Staff have taken it out.
    assert services.complete_finished() == [person.pk]


def test_the_sweep_hands_over_what_was_missed_and_once(english, french, caplog):
    bare = make.bare_course()
    english.delete()
    assert make.record_of(french).source_locale.language_code == "en"
    repair_courses()
    assert caplog.text.count(f"Course {english.translation_key} was out of step with its pages and has been") == 1
    assert (make.record_of(french).source_locale.language_code, path_of(french)) == ("fr", PATH)
    assert services.repair_courses() == []
    assert services.hand_over_course(translation_key=bare.translation_key) is None


def test_one_that_cannot_be_handed_over_holds_up_no_other(monkeypatch, caplog, english, french):
    other = make.whole_course(modules=1, units=1, title="Heat")
    in_french(other)
    for page in (english, other):
        page.delete()
    stuck = english.translation_key

    def fails_for_the_first(*, translation_key):
        if translation_key == stuck:
            raise RuntimeError("broken")
        return services.hand_over_course(translation_key=translation_key)

    monkeypatch.setattr("learning.services.repairing.hand_over_course", fails_for_the_first)
    assert services.repair_courses() == [other.translation_key]
    assert f"The course of key {stuck} could not be handed over" in caplog.text


WORDS = (
    "From then on its pages in français say what the course teaches; what has no public page there is no longer taught."
)


def test_who_is_asked_about_deleting_reads_where_the_course_goes_on(admin, untranslated):
    asking = reverse("wagtailadmin_pages:delete", args=[untranslated.pk])
    make.learner(make.cohort(course=make.record_of(untranslated)))
    closes = "Its units close for 1 person"

    def told(address: str) -> tuple[bool, bool]:
        shown = admin.get(address).content.decode()
        return WORDS in shown, closes in shown

    assert told(asking) == (False, True)
    french = in_french(untranslated)
    assert told(asking) == (True, False)
    assert told(reverse("wagtailadmin_pages:unpublish", args=[untranslated.pk])) == (False, True)
    assert told(reverse("wagtailadmin_pages:delete", args=[french.pk])) == (False, False)
    french.unpublish()
    assert told(asking) == (True, True)


def test_an_alias_that_becomes_a_page_by_the_deletion_is_foretold_and_speaks(admin, delete, untranslated):
    alias = untranslated.copy_for_translation(trees.locale("fr"), alias=True)
    assert WORDS in admin.get(reverse("wagtailadmin_pages:delete", args=[untranslated.pk])).content.decode()
    delete(untranslated)
    alias.refresh_from_db()
    assert (alias.alias_of_id, make.record_of(untranslated).source_locale.language_code) == (None, "fr")
