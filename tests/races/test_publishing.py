"""A page is due while a program writes to it, such as a translation that has come back.

Wagtail locks a page with a schedule against people, not against programs.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.models import Page, Revision

from core import clock
from core.services import publishing
from learning.models import CoursePage
from tests.factories import learning as courses
from tests.races.meeting import Later, meet, meet_before

AtOnce = Callable[..., list[Any]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page() -> CoursePage:
    """A page with a revision that is due."""
    page = courses.course_page(publish=False, title="Scheduled")
    page.go_live_at = clock.now() + timedelta(hours=1)
    page.save_revision().publish()
    scheduled = Revision.objects.exclude(approved_go_live_at=None)
    assert scheduled.update(approved_go_live_at=clock.now() - timedelta(minutes=1)) == 1
    return page


@transaction.atomic
def write() -> Revision:
    """Write a draft, as a program does."""
    page = CoursePage.objects.get()
    page.title, page.go_live_at = "Written down", None
    return page.save_revision()


@transaction.atomic
def write_and_publish() -> None:
    """Write and publish."""
    write().publish()


def written_while_published(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, does: Callable[[], Any]
) -> tuple[int, Any, CoursePage]:
    """Hold the run that publishes once it has read the page, and write; return what each answers, and the page."""
    meet_before(monkeypatch, PublishPageRevisionAction, "_publish_revision")
    done, answer = at_once([publishing.publish_due, Later(does)])
    return done, answer, CoursePage.objects.get()


def test_a_draft_written_while_its_page_is_published_by_schedule_is_kept(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, page: CoursePage
) -> None:
    done, written, page = written_while_published(at_once, monkeypatch, write)
    assert (done, page.live, page.title) == (1, True, "Scheduled")
    assert (page.latest_revision, page.draft_title, page.has_unpublished_changes) == (written, "Written down", True)


def test_control_without_the_page_in_hand_the_draft_is_lost(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, page: CoursePage
) -> None:
    monkeypatch.setattr(publishing, "_holds_page", lambda revision: True)
    done, written, page = written_while_published(at_once, monkeypatch, write)
    assert (done, page.live, page.title) == (1, True, "Scheduled")
    assert isinstance(written, Revision)
    assert (page.latest_revision == written, page.draft_title) == (False, "Scheduled")


def test_who_publishes_while_the_schedule_does_comes_second(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, page: CoursePage
) -> None:
    done, written, page = written_while_published(at_once, monkeypatch, write_and_publish)
    assert (done, written) == (1, None)
    assert (page.live, page.title, page.has_unpublished_changes) == (True, "Written down", False)


def test_control_without_the_page_in_hand_they_wait_for_each_other(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, page: CoursePage, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publishing, "_holds_page", lambda revision: True)
    done, written, page = written_while_published(at_once, monkeypatch, write_and_publish)
    # PostgreSQL ends one of the two, whichever looks first.
    assert (done, written) != (1, None)
    assert "deadlock detected" in f"{written}{caplog.text}"


def test_a_page_in_somebodys_hands_is_published_by_a_later_run(at_once: AtOnce, page: CoursePage) -> None:
    @transaction.atomic
    def hold() -> None:
        Page.objects.select_for_update(no_key=True).get(pk=page.pk)
        meet()

    assert at_once([hold, Later(publishing.publish_due)]) == [None, 0]
    assert publishing.publish_due() == 1
    assert CoursePage.objects.get().live
