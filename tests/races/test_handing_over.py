"""An event is handed over while somebody publishes or deletes the page that is to speak for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupApprovalTask, Page, Workflow, WorkflowTask

from core.admin import publishing
from core.admin.publishing import Publish
from events import receivers
from events.models import Event, EventVersion, WebinarPage
from events.services import hand_over_source, handing_over
from tests.factories import accounts
from tests.factories import events as make
from tests.races.meeting import Later, meet_after, meet_before

AtOnce = Callable[..., list[Any]]
pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> WebinarPage:
    """Return the French page of an event whose English one is deleted and which nobody has handed over yet."""
    page = make.webinar(capacity=5)
    french = make.translate(page)
    WebinarPage.objects.filter(pk=french.pk).update(starts_at=page.starts_at - timedelta(days=3), capacity=1)
    with monkeypatch.context() as patched:
        patched.setattr("events.receivers.hand_over_source", lambda **_given: None)
        page.delete()
    assert Event.objects.get().source_locale.language_code == "en"
    return WebinarPage.objects.get()


def hand_over() -> Event | None:
    """Hand the one event over."""
    return hand_over_source(translation_key=Event.objects.get().translation_key)


def publish(page: WebinarPage) -> None:
    """Publish other words as the editor's view does: with the page in hand."""
    with transaction.atomic():
        Page.objects.select_for_update(no_key=True).get(pk=page.pk)
        fresh = WebinarPage.objects.get(pk=page.pk)
        fresh.title = "Le budget"
        fresh.save_revision().publish()


def test_two_at_once_are_as_one(at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage) -> None:
    meet_before(monkeypatch, handing_over, "_bring_up_to_record")
    answers = at_once([hand_over, hand_over])
    assert sorted(type(answer).__name__ for answer in answers) == ["Event", "NoneType"]
    assert Event.objects.get().source_locale.language_code == "fr"


def test_who_publishes_meanwhile_moves_nothing(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage
) -> None:
    before = Event.objects.get()
    meet_after(monkeypatch, handing_over, "_hold_pages")
    handed, published = at_once([hand_over, Later(lambda: publish(left))])
    event = Event.objects.get()
    assert (type(handed), published, event.title) == (Event, None, "Le budget")
    assert (event.starts_at, event.capacity, EventVersion.objects.count()) == (before.starts_at, 5, 1)


def test_control_without_the_pages_in_hand_an_old_date_comes_back(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage
) -> None:
    pages = list(WebinarPage.objects.all())
    before = Event.objects.get()
    monkeypatch.setattr(handing_over, "_hold_pages", lambda key: pages)
    meet_before(monkeypatch, WebinarPage, "save_revision")
    at_once([lambda: publish(left), Later(hand_over)])
    assert Event.objects.get().starts_at < before.starts_at


def test_a_page_that_is_being_deleted_does_not_speak_for_the_event(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage
) -> None:
    # Its own row is gone and the one in Wagtail's table is not.
    meet_before(monkeypatch, receivers, "partial")
    _deleted, handed = at_once([left.delete, Later(hand_over)])
    assert (handed, WebinarPage.objects.count()) == (None, 0)
    assert Event.objects.get().source_locale.language_code == "en"


def among_several(page: WebinarPage) -> Callable[[], tuple[int, int]]:
    """Return the publishing of what was ticked in a list that was read before."""
    ticked = [Page.objects.get(pk=page.pk)]
    return lambda: Publish.execute_action(ticked)


def by_workflow(page: WebinarPage) -> Callable[[], HttpResponse]:
    """Return the last yes of a workflow."""
    person = accounts.PersonFactory(admin=True)
    session = accounts.sign_in(Client(), person).cookies
    workflow, task = Workflow.objects.create(name="Two eyes"), GroupApprovalTask.objects.create(name="Look")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    state = workflow.start(page, person).current_task_state
    url = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", state.pk])

    def approve() -> HttpResponse:
        client = Client()
        client.cookies = session
        return client.post(url, {"comment": ""})

    return approve


WAYS = pytest.mark.parametrize("way", [among_several, by_workflow])


def drafted(page: WebinarPage) -> WebinarPage:
    """Write a draft with other words and the old date of its page."""
    page.title = "Le budget"
    page.save_revision()
    return page


def came(answer: Any) -> bool:
    """Whether publishing answered as it does where nothing is in its way."""
    return answer == (1, 0) or getattr(answer, "status_code", None) == 302


@WAYS
def test_who_has_read_a_draft_to_publish_it_elsewhere_than_in_the_editor_moves_nothing(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage, way: Callable[..., Any]
) -> None:
    before, publishes = Event.objects.get(), way(drafted(left))
    meet_before(monkeypatch, WebinarPage, "publish")
    published, handed = at_once([publishes, Later(hand_over)])
    event = Event.objects.get()
    assert (came(published), type(handed), event.title) == (True, Event, "Le budget")
    assert (event.starts_at, event.capacity, EventVersion.objects.count()) == (before.starts_at, 5, 1)


@WAYS
def test_who_publishes_elsewhere_waits_for_handing_over_and_publishes_what_the_record_says(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage, way: Callable[..., Any]
) -> None:
    before, publishes = Event.objects.get(), way(drafted(left))
    meet_after(monkeypatch, handing_over, "_hold_pages")
    handed, published = at_once([hand_over, Later(publishes)])
    event = Event.objects.get()
    assert (type(handed), came(published), event.title) == (Event, True, "Le budget")
    assert (event.starts_at, event.capacity, EventVersion.objects.count()) == (before.starts_at, 5, 1)


@WAYS
def test_control_without_the_page_in_hand_an_old_date_is_published_elsewhere(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, left: WebinarPage, way: Callable[..., Any]
) -> None:
    before, publishes = Event.objects.get(), way(drafted(left))
    monkeypatch.setattr(publishing, "hold_pages", lambda _pages: {left.pk})
    meet_before(monkeypatch, WebinarPage, "publish")
    published, _handed = at_once([publishes, Later(hand_over)])
    assert came(published)
    assert Event.objects.get().starts_at < before.starts_at
