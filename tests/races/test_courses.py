"""Two editors publish units of one course at once: both are taught; without the lock on the course one is lost."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet
from wagtail.models import Revision

from learning.models import Course, ModulePage, Unit
from learning.services import projecting
from tests.factories import learning as make
from tests.races.meeting import meet

AtOnce = Callable[[Sequence[Callable[[], Any]]], list[Any]]
pytestmark = pytest.mark.django_db(transaction=True)


def taught_after_publishing_together(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[BaseException | None], set[str]]:
    """Publish two units of one module at once, meeting between reading the pages and writing the records.

    Return what each publisher was told and the titles that are taught.
    """
    make.whole_course(modules=1, units=0)
    module = ModulePage.objects.get()
    drafts = [make.unit_page(module, title=title, publish=False) for title in ("First", "Second")]
    revisions = [Revision.objects.get(pk=draft.save_revision().pk) for draft in drafts]
    put: Callable[..., Any] = projecting._put

    def slowly(model: Any, *rest: Any) -> Any:
        if model is Unit:
            meet()
        return put(model, *rest)

    monkeypatch.setattr(projecting, "_put", slowly)
    told = at_once([revision.publish for revision in revisions])
    return told, set(Unit.objects.current().values_list("title", flat=True))


def test_two_units_published_at_once_are_both_taught(at_once: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    assert taught_after_publishing_together(at_once, monkeypatch) == ([None, None], {"First", "Second"})
    assert sorted(Unit.objects.values_list("order", flat=True)) == [0, 1]


def test_without_the_lock_a_unit_is_lost_or_its_publisher_refused(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(self: QuerySet, *args: Any, **kwargs: Any) -> QuerySet:
        return self

    monkeypatch.setattr(type(Course.objects.all()), "select_for_update", unlocked)
    told, taught = taught_after_publishing_together(at_once, monkeypatch)
    assert all(one is None or isinstance(one, IntegrityError) for one in told)
    assert (told, taught) != ([None, None], {"First", "Second"})


@pytest.mark.rounds(40)
def test_a_course_published_twice_at_once_has_one_record(at_once: AtOnce) -> None:
    page = make.course_page(publish=False)
    revision = page.save_revision()
    both = [Revision.objects.get(pk=revision.pk) for _ in range(2)]
    assert at_once([one.publish for one in both]) == [None, None]
    assert Course.objects.count() == 1
