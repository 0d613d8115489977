"""A course is handed over while somebody publishes a unit of the pages that are to speak for it, or deletes them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from wagtail.models import Page

from learning import receivers
from learning.models import Course, CoursePage, ModulePage, Unit, UnitPage
from learning.services import hand_over_course, handing_over
from tests.factories import learning as make
from tests.races.meeting import Later, meet_after, meet_before

AtOnce = Callable[..., list[Any]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> CoursePage:
    """Return the French page of a course whose English one is deleted and which nobody has handed over yet."""
    page = make.whole_course(modules=1, units=1)
    make.translated(page, "fr", title="Le cours")
    make.translated(ModulePage.objects.get(locale__language_code="en"), "fr")
    make.translated(UnitPage.objects.get(locale__language_code="en"), "fr", title="L’unité", minutes=45)
    with monkeypatch.context() as patched:
        patched.setattr("learning.receivers.services.hand_over_course", lambda **_given: None)
        page.delete()
    assert Course.objects.get().source_locale.language_code == "en"
    return CoursePage.objects.get()


def hand_over() -> Course | None:
    """Hand the one course over."""
    return hand_over_course(translation_key=Course.objects.get().translation_key)


def publish() -> None:
    """Publish other words of the unit as the editor's view does: with the page in hand."""
    with transaction.atomic():
        page = UnitPage.objects.get()
        Page.objects.select_for_update(no_key=True).get(pk=page.pk)
        fresh = UnitPage.objects.get(pk=page.pk)
        fresh.title = "Une autre"
        fresh.save_revision().publish()


def taught() -> list[tuple[str, int]]:
    return list(Unit.objects.current().values_list("title", "minutes"))


def test_two_at_once_are_as_one(at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: CoursePage) -> None:
    meet_before(monkeypatch, handing_over, "_bring_up_to_records")
    answers = at_once([hand_over, hand_over])
    assert sorted(type(answer).__name__ for answer in answers) == ["Course", "NoneType"]
    assert (Course.objects.get().source_locale.language_code, taught()) == ("fr", [("L’unité", 10)])


def test_who_publishes_a_unit_meanwhile_brings_nothing_old_back(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: CoursePage
) -> None:
    meet_after(monkeypatch, handing_over, "_hold_pages")
    handed, published = at_once([hand_over, Later(publish)])
    assert (type(handed), published, taught()) == (Course, None, [("Une autre", 10)])


def test_control_without_the_pages_in_hand_old_minutes_come_back(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: CoursePage
) -> None:
    pages = list(CoursePage.objects.all())
    monkeypatch.setattr(handing_over, "_hold_pages", lambda key: pages)
    meet_before(monkeypatch, UnitPage, "save_revision")
    at_once([publish, Later(hand_over)])
    assert UnitPage.objects.get().minutes == 45


def test_pages_that_are_being_deleted_do_not_speak_for_the_course(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: CoursePage
) -> None:
    # Its own row is gone and the one in Wagtail's table is not.
    meet_before(monkeypatch, receivers, "partial")
    _deleted, handed = at_once([left.delete, Later(hand_over)])
    assert (handed, CoursePage.objects.count(), taught()) == (None, 0, [])
    assert Course.objects.get().source_locale.language_code == "en"
