"""An event is handed over while somebody publishes or deletes the page that is to speak for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from wagtail.models import Page

from events import receivers
from events.models import Event, EventVersion, WebinarPage
from events.services import hand_over_source, handing_over
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
