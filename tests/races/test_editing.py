"""A browser saves by itself while its person publishes: the page stays published; with Wagtail's own view it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import reverse
from wagtail.admin.views.pages.edit import EditView
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.test.utils.form_data import querydict_from_html

from core.admin.editing import OneAtATime
from events.models import WebinarPage
from learning.models import CoursePage
from tests.factories import accounts
from tests.factories import events as webinars
from tests.factories import learning as courses
from tests.races.meeting import Later, meet_before

AtOnce = Callable[..., list[Any]]
pytestmark = pytest.mark.django_db(transaction=True)

DRAFTS = {CoursePage: lambda: courses.course_page(publish=False), WebinarPage: lambda: webinars.webinar(publish=False)}


class Editor:
    """Somebody with the editor of one page open."""

    def __init__(self, page: Page) -> None:
        page.save_revision()
        self.url = reverse("wagtailadmin_pages:edit", args=[page.pk])
        self.session = accounts.sign_in(Client(), accounts.PersonFactory(admin=True)).cookies
        self.form = querydict_from_html(self._client().get(self.url).content.decode(), form_id="page-edit-form")
        # These a script draws.
        streams = [field.name for field in page._meta.fields if isinstance(field, StreamField)]
        self.form.update({f"{name}-count": "0" for name in streams})

    def save_by_itself(self) -> HttpResponse:
        """Send what the browser sends a while after the last key."""
        return self._client().post(self.url, self._sent(title="Written down"), headers={"accept": "application/json"})

    def publish(self) -> HttpResponse:
        """Press the button."""
        return self._client().post(self.url, self._sent(**{"title": "Published", "action-publish": "action-publish"}))

    def _client(self) -> Client:
        client = Client()
        client.cookies = self.session
        return client

    def _sent(self, **said: str) -> dict[str, list[str]]:
        form: QueryDict = self.form.copy()
        form.update(said)
        return {name: values[-1:] if name in said else values for name, values in form.lists()}


def saved_while_publishing(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, model: type[Page]
) -> tuple[int, int, Page]:
    """Hold a save after it has read the draft, and publish; return both answers' status and the page."""
    editor = Editor(DRAFTS[model]())
    meet_before(monkeypatch, EditView, "save_action")
    saved, published = at_once([editor.save_by_itself, Later(editor.publish)])
    return saved.status_code, published.status_code, model.objects.get()


@pytest.mark.parametrize("model", DRAFTS)
def test_what_is_published_while_the_browser_saves_stays_published(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, model: type[Page]
) -> None:
    saved, published, page = saved_while_publishing(at_once, monkeypatch, model)
    assert (saved, published) == (200, 302)
    assert (page.live, page.title, page.has_unpublished_changes) == (True, "Published", False)


@pytest.mark.parametrize("model", DRAFTS)
def test_without_the_lock_the_page_is_a_draft_again(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, model: type[Page]
) -> None:
    monkeypatch.delattr(OneAtATime, "dispatch")
    saved, published, page = saved_while_publishing(at_once, monkeypatch, model)
    assert (saved, published) == (200, 302)
    assert (page.live, page.title) == (False, "Written down")


def saved_after_publishing(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> tuple[HttpResponse, HttpResponse, CoursePage]:
    """Hold whoever publishes after they have read the draft, and save; return both answers and the page."""
    editor = Editor(DRAFTS[CoursePage]())
    meet_before(monkeypatch, EditView, "publish_action")
    published, saved = at_once([editor.publish, Later(editor.save_by_itself)])
    return published, saved, CoursePage.objects.get()


def test_a_save_that_comes_after_publishing_is_told_so_and_writes_nothing(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, saved, page = saved_after_publishing(at_once, monkeypatch)
    assert (published.status_code, saved.status_code) == (302, 400)
    assert saved.json()["error_code"] == "invalid_revision"
    assert (page.live, page.get_latest_revision_as_object().title) == (True, "Published")
    assert not page.revisions.filter(content__title="Written down").exists()


def test_control_without_the_lock_a_save_that_comes_after_publishing_is_written(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(OneAtATime, "dispatch")
    published, saved, page = saved_after_publishing(at_once, monkeypatch)
    assert (published.status_code, saved.status_code) == (302, 200)
    assert page.revisions.filter(content__title="Written down").exists()
