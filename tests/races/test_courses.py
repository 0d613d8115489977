"""Two editors publish units of one course at once: both are taught; without the lock on the course one is lost."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from wagtail.models import Revision

from learning.models import Course, ModulePage, Unit
from learning.services import projecting
from tests.factories import learning as make

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def publish_together(*revisions: Revision) -> None:
    """Publish all at once, each on a connection of its own; a failure of one fails the test."""
    barrier = threading.Barrier(len(revisions))
    problems: list[Exception] = []

    def run(revision: Revision) -> None:
        try:
            barrier.wait(10)
            revision.publish()
        except Exception as problem:  # noqa: BLE001  (told to the test)
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[revision]) for revision in revisions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []


def taught_after_publishing_together(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Publish two units of one module at once, each pausing between reading the pages and writing the records."""
    make.whole_course(modules=1, units=0)
    module = ModulePage.objects.get()
    drafts = [make.unit_page(module, title=title, publish=False) for title in ("First", "Second")]
    revisions = [Revision.objects.get(pk=draft.save_revision().pk) for draft in drafts]
    put: Callable[..., Any] = projecting._put

    def slowly(model: Any, *rest: Any) -> Any:
        if model is Unit:
            time.sleep(0.5)
        return put(model, *rest)

    monkeypatch.setattr(projecting, "_put", slowly)
    publish_together(*revisions)
    return set(Unit.objects.current().values_list("title", flat=True))


def test_two_units_published_at_once_are_both_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taught_after_publishing_together(monkeypatch) == {"First", "Second"}
    assert sorted(Unit.objects.values_list("order", flat=True)) == [0, 1]


def test_without_the_lock_a_unit_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(self: QuerySet, *args: Any, **kwargs: Any) -> QuerySet:
        return self

    monkeypatch.setattr(type(Course.objects.all()), "select_for_update", unlocked)
    # An update of the course would make the second one wait as well, so nothing of it may change.
    monkeypatch.setattr(projecting, "_begin", lambda page: Course.objects.get(translation_key=page.translation_key))
    with pytest.raises(AssertionError):
        assert taught_after_publishing_together(monkeypatch) == {"First", "Second"}


def test_a_course_published_twice_at_once_has_one_record() -> None:
    page = make.course_page(publish=False)
    revision = page.save_revision()
    publish_together(Revision.objects.get(pk=revision.pk), Revision.objects.get(pk=revision.pk))
    assert Course.objects.count() == 1
