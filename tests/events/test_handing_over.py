"""The source page of an event is deleted: a page in another language speaks for it, and nothing moves by that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Page
from wagtail.test.utils.form_data import querydict_from_html
from wagtail_localize.models import Translation

from core import clock
from events.models import Event, EventVersion, JoinLink, WebinarPage
from events.models.event import TAKEN_FROM_SOURCE
from events.services import hand_over_source, set_join_link
from events.services.sweeping import sweep
from tests.events.screens import typed
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

Committing = Callable[..., Any]


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


def form_of(client: Client, page: Page) -> Any:
    return client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).context["form"]


def sends(client: Client, page: Page) -> dict[str, list[str]]:
    """Return what the browser would send of the editor of a page as it is open now: nothing of closed fields."""
    answer = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    closed = {name for name, field in answer.context["form"].fields.items() if field.disabled}
    found = querydict_from_html(answer.content.decode(), form_id="page-edit-form").lists()
    # The streams a script draws.
    return {name: said for name, said in found if name not in closed} | {"body-count": ["0"], "agenda-count": ["0"]}


def moved_since_translated() -> tuple[WebinarPage, WebinarPage]:
    """Return an English page and its French one, whose date is the one from before the last change."""
    page = make.webinar(title="Budget", capacity=5, captions=["en"])
    french = make.translate(page)
    page.starts_at, page.ends_at = make.in_days(20), make.in_days(20) + timedelta(hours=1)
    page.capacity, page.captions = 7, ["fr"]
    make.publish_now(page)
    assert (french.starts_at, french.capacity) != (page.starts_at, page.capacity)
    return page, french


def test_the_remaining_page_speaks_for_the_event_and_nothing_moves(delete, admin):
    page, french = moved_since_translated()
    WebinarPage.objects.filter(pk=french.pk).update(title="Le budget", slug="le-budget")
    before = Event.objects.get()
    delete(page)
    event = Event.objects.get()
    assert (event.source_locale.language_code, event.title, event.slug) == ("fr", "Le budget", "le-budget")
    said = (event.starts_at, event.ends_at, event.capacity, event.captions, event.revision)
    assert said == (page.starts_at, page.ends_at, 7, ["fr"], before.revision)
    assert EventVersion.objects.count() == 2
    french.refresh_from_db()
    assert (french.starts_at, french.capacity, french.captions) == (page.starts_at, 7, ["fr"])
    form = form_of(admin, french)
    assert [name for name, field in form.fields.items() if field.disabled] == []
    assert (form["capacity"].value(), form["captions"].value()) == (7, ["fr"])


def test_staff_can_move_it_from_there(delete, admin):
    page, french = moved_since_translated()
    delete(page)
    answer = admin.post(
        reverse("wagtailadmin_pages:edit", args=[french.pk]),
        {**typed(slug=french.slug, starts_at="2027-11-03 10:00", ends_at="2027-11-03 11:00"), "action-publish": "yes"},
    )
    assert answer.status_code == 302
    assert f"{Event.objects.get().local_start:%Y-%m-%d %H:%M}" == "2027-11-03 10:00"


def left_open(admin: Client, delete: Callable[[Page], None]) -> tuple[WebinarPage, dict[str, list[str]], list[object]]:
    """Delete the source page while the editor of the French one is open; return that, what it sends, and its record."""
    page = make.webinar(capacity=5, venue="City Hall", waiting_list=True, captions=["en"], spoken_languages=["de"])
    french = make.translate(page)
    # Translated by hand from now on, in the editor itself.
    Translation.objects.update(enabled=False)
    set_join_link(translation_key=page.translation_key, url="https://meet.example/secret")
    sent = sends(admin, french)
    assert (sent["join_link_shown"], "join_link" in sent) == (["https://meet.example/secret"], False)
    said = [getattr(Event.objects.get(), name) for name in TAKEN_FROM_SOURCE]
    delete(page)
    assert Event.objects.get().source_locale.language_code == "fr"
    return french, sent, said


def drafted(page: Page) -> list[object]:
    draft = Page.objects.get(pk=page.pk).get_latest_revision_as_object()
    return [draft.title, *(getattr(draft, name) for name in TAKEN_FROM_SOURCE)]


@pytest.mark.parametrize("does", ["saves by itself", "save", "publish"])
def test_an_editor_left_open_keeps_date_seats_and_meeting_link(admin, delete, does):
    french, sent, said = left_open(admin, delete)
    sent |= {"title": ["Le budget"], **({"action-publish": ["yes"]} if does == "publish" else {})}
    headers = {"accept": "application/json"} if does == "saves by itself" else {}
    answer = admin.post(reverse("wagtailadmin_pages:edit", args=[french.pk]), sent, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    if headers:
        # So that the next save by itself still sends what the editor showed.
        assert "join_link_shown" not in answer.json()["field_updates"]
    assert list(JoinLink.objects.values_list("url", flat=True)) == ["https://meet.example/secret"]
    assert drafted(french) == ["Le budget", *said]
    event = Event.objects.get()
    assert [getattr(event, name) for name in TAKEN_FROM_SOURCE] == said
    assert (event.title == "Le budget", EventVersion.objects.count()) == (does == "publish", 1)


def test_an_editor_left_open_says_where_the_date_is_changed_now(admin, delete):
    french, sent, _said = left_open(admin, delete)
    answer = admin.post(reverse("wagtailadmin_pages:edit", args=[french.pk]), {**sent, "title": [""]})
    field = answer.context["form"].fields["starts_at"]
    words = (
        "Since you opened this page, dates, venue, seats, format, languages and meeting link have come to be set here. "
        "Save it and open it again to change them."
    )
    assert (field.disabled, field.help_text, words in answer.content.decode()) == (True, words, True)
    again = form_of(admin, french).fields["starts_at"]
    assert (again.disabled, again.help_text) == (False, "As clocks in the event's time zone show it.")


def test_a_draft_keeps_its_words_and_moves_nothing_once_it_is_published(delete):
    page, french = moved_since_translated()
    french = WebinarPage.objects.get(pk=french.pk)
    french.title = "Un brouillon"
    draft = french.save_revision()
    delete(page)
    french.refresh_from_db()
    draft.refresh_from_db()
    assert (french.latest_revision, french.has_unpublished_changes, french.title) == (draft, True, "Budget")
    draft.publish()
    event = Event.objects.get()
    assert (event.title, event.starts_at, event.capacity) == ("Un brouillon", page.starts_at, 7)
    assert EventVersion.objects.count() == 2


def test_a_public_page_comes_before_a_draft_and_then_the_order_of_the_sites_languages(delete):
    page = make.webinar()
    for language in ("pt", "es", "fr"):
        make.translate(page, language=language)
    page.get_translation(trees.locale("fr")).unpublish()
    spoke = []
    while left := WebinarPage.objects.filter(locale=Event.objects.get().source_locale).first():
        spoke.append(left.locale.language_code)
        delete(left)
    assert spoke == ["en", "es", "pt", "fr"]
    assert Event.objects.get().source_locale.language_code == "fr"


def test_deleting_a_translation_hands_nothing_over(delete):
    page = make.webinar()
    delete(make.translate(page))
    assert Event.objects.get().source_locale.language_code == "en"


def test_with_the_section_all_its_events_are_handed_over(delete):
    for number in range(2):
        make.translate(make.webinar(title=f"Budget {number}"))
    delete(make.section())
    assert [event.source_locale.language_code for event in Event.objects.all()] == ["fr", "fr"]


def test_an_address_that_another_event_has_waits_for_staff(delete, caplog):
    page = make.webinar(slug="budget")
    french = make.translate(page)
    WebinarPage.objects.filter(pk=french.pk).update(slug="klima")
    other = make.webinar(slug="klima")
    delete(page)
    event = Event.objects.get(translation_key=page.translation_key)
    assert (event.source_locale.language_code, event.slug) == ("fr", "budget")
    assert f"Page {french.pk} speaks for its event, but not yet in full: AddressTaken" in caplog.text
    assert Event.objects.get(translation_key=other.translation_key).slug == "klima"


def test_the_sweep_hands_over_what_was_missed_and_once():
    page = make.webinar()
    make.translate(page)
    bare = make.bare_event()
    page.delete()
    assert Event.objects.get(translation_key=page.translation_key).source_locale.language_code == "en"
    assert (sweep().handed_over, sweep().handed_over) == (1, 0)
    assert Event.objects.get(translation_key=page.translation_key).source_locale.language_code == "fr"
    assert hand_over_source(translation_key=bare.translation_key) is None


def test_one_that_cannot_be_handed_over_holds_up_no_other(monkeypatch, caplog):
    pages = [make.webinar() for _number in range(2)]
    for page in pages:
        make.translate(page)
        page.delete()
    stuck = pages[0].translation_key

    def fails_for_the_first(*, translation_key):
        if translation_key == stuck:
            raise RuntimeError("broken")
        return hand_over_source(translation_key=translation_key)

    monkeypatch.setattr("events.services.sweeping.hand_over_source", fails_for_the_first)
    assert sweep().handed_over == 1
    assert f"The event of key {stuck} could not be handed over." in caplog.text


def test_who_is_asked_about_deleting_reads_where_the_event_goes_on(admin):
    page = make.webinar(starts_at=clock.now() + timedelta(days=2))
    asking = reverse("wagtailadmin_pages:delete", args=[page.pk])
    words = "Dates, seats and meeting link of the event will then be set on its page in français."
    assert words not in admin.get(asking).content.decode()
    french = make.translate(page)
    assert words in admin.get(asking).content.decode()
    asking = reverse("wagtailadmin_pages:delete", args=[french.pk])
    assert "will then be set on its page" not in admin.get(asking).content.decode()


def test_an_alias_that_becomes_a_page_by_the_deletion_is_foretold(admin, delete):
    page = make.webinar(starts_at=clock.now() + timedelta(days=2))
    spanish = make.translate(page, language="es")
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    alias = page.copy_for_translation(trees.locale("fr"), alias=True)
    asking = reverse("wagtailadmin_pages:delete", args=[page.pk])
    words = "Dates, seats and meeting link of the event will then be set on its page in"
    assert f"{words} français." in admin.get(asking).content.decode()
    spanish.delete()
    assert f"{words} français." in admin.get(asking).content.decode()
    delete(page)
    alias.refresh_from_db()
    assert (alias.alias_of_id, Event.objects.get().source_locale.language_code) == (None, "fr")
