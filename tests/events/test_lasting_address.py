"""The address by which mails and calendars name an event: it opens the event whatever has become of its pages."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from icalendar import Calendar
from wagtail.models import Page

from core import clock
from events.models import Event, WebinarPage
from events.services import announce_changes, cancel_event
from mail import rendering
from mail.mime import Content
from mail.models import Message
from tests.events.changing import WINDOW
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


@pytest.fixture
def both() -> tuple[WebinarPage, WebinarPage]:
    """Return an English page and its French one."""
    page = make.webinar(title="Budget", slug="budget", starts_at=clock.now().replace(month=12, day=12, hour=14))
    french = make.translate(page)
    WebinarPage.objects.filter(pk=french.pk).update(title="Le budget", slug="le-budget")
    french.refresh_from_db()
    french.set_url_path(french.get_parent())
    french.save()
    return page, french


def called_off(time: Any, language: str = "en") -> Content:
    """Call the event off; return the mail that then leaves to somebody registered."""
    event = Event.objects.get()
    make.registered(event, "Ana", language=language)
    cancel_event(event_id=event.pk, by=accounts.PersonFactory(), reason="Ill")
    time.shift(WINDOW)
    announce_changes()
    return rendering.render(Message.objects.get(kind="event-called-off"))


def about(content: Content) -> str:
    """Return where "About this event" leads, which text and HTML tell alike."""
    (address,) = set(re.findall(r'http://testserver(/\w\w/events/[^"\s]*)', content.text + content.html))
    return address


def address(language: str = "en") -> str:
    return f"/{language}/events/{Event.objects.get().translation_key}/"


def leads_to(path: str, client: Client) -> str:
    answer = client.get(path)
    assert answer.status_code == 302
    return answer["Location"]


def delete(page: Page, commits: Callable[..., Any]) -> None:
    with commits(execute=True):
        page.delete()


def test_a_mail_written_before_its_page_was_deleted_still_opens_the_event(
    both, client, time, django_capture_on_commit_callbacks
):
    page, french = both
    mail = called_off(time)
    assert "About this event" in mail.text
    assert leads_to(about(mail), client) == "/en/events/budget/"
    delete(page, django_capture_on_commit_callbacks)
    assert client.get("/en/events/budget/").status_code == 404
    assert leads_to(about(mail), client) == "/fr/events/le-budget/" == french.get_url()
    assert "Le budget" in client.get(about(mail), follow=True).content.decode()


def test_a_mail_leads_to_the_page_in_its_readers_language(both, client, time, django_capture_on_commit_callbacks):
    _page, french = both
    mail = called_off(time, language="fr")
    assert leads_to(about(mail), client) == "/fr/events/le-budget/"
    delete(french, django_capture_on_commit_callbacks)
    assert leads_to(about(mail), client) == "/en/events/budget/"


def test_a_reader_of_a_language_without_a_page_comes_to_the_source_page(both, client):
    assert leads_to(address("es"), client) == "/en/events/budget/"


def test_a_page_with_another_slug_is_found(both, client):
    page, _french = both
    page.slug = "the-budget"
    make.publish_now(page)
    assert leads_to(address(), client) == "/en/events/the-budget/"


def test_a_calendar_entry_bears_the_lasting_address(both, time):
    make.registered(Event.objects.get(), "Ana")
    (file,) = rendering.render(Message.objects.get(kind="event-confirmation")).attachments
    (entry,) = Calendar.from_ical(file.content).walk("VEVENT")
    assert f"http://testserver{address()}" in str(entry["description"])


def test_the_way_is_kept_by_nobody(both, client):
    assert "no-store" in client.get(address())["Cache-Control"]


def test_a_page_that_is_private_by_now_asks_itself_who_may_read_it(client):
    page = make.live_webinar(title="Budget", slug="budget")
    page.view_restrictions.create(restriction_type="login")
    assert leads_to(address(), client) == "/en/events/budget/"
    assert b"Budget" not in client.get(address(), follow=True).content


def test_a_public_page_goes_before_a_private_one_in_the_readers_language(both, client):
    page, _french = both
    page.view_restrictions.create(restriction_type="login")
    assert leads_to(address(), client) == "/fr/events/le-budget/"


@pytest.mark.parametrize("known", [True, False])
def test_without_any_live_page_nothing_is_found(client, known):
    page = make.live_webinar()
    path = address() if known else f"/en/events/{uuid4()}/"
    page.unpublish()
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("pages", [1, 3])
def test_the_way_asks_as_much_for_three_pages_as_for_one(client, pages, django_assert_num_queries):
    page = make.webinar(title="Budget", slug="budget")
    for language in ["fr", "es"][: pages - 1]:
        make.translate(page, language=language)
    client.get(address())
    with django_assert_num_queries(4):
        assert leads_to(address(), client) == "/en/events/budget/"
