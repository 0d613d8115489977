"""Editing webinars in the admin: local times, one transaction, the meeting link, clones, copies."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from wagtail.models import Page, Revision
from wagtail.test.utils.form_data import streamfield

from core import clock
from events import errors, schedule
from events.models import Event, JoinLink, WebinarPage
from events.models.webinar_form import WebinarForm
from events.schedule import NoSuchTime
from events.services import projecting, set_join_link
from tests.events.screens import typed
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


@pytest.fixture
def editor(client):
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


def add(client, *, publish: bool = True, **fields):
    url = reverse("wagtailadmin_pages:add", args=["events", "webinarpage", make.section().pk])
    return client.post(url, {**typed(**fields), **({"action-publish": "yes"} if publish else {})})


def edit(client, page: Page, *, publish: bool = True, **fields):
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    return client.post(url, {**typed(slug=page.slug, **fields), **({"action-publish": "yes"} if publish else {})})


def problems(form) -> dict[str, list[str]]:
    return {name: [str(text) for text in found] for name, found in form.errors.items()}


@pytest.fixture
def filled_in() -> Callable[..., WebinarForm]:
    """Return the editor's form as typed: `filled_in(timezone="UTC")`, without the page around it, which takes long."""
    person = accounts.PersonFactory(admin=True)

    def fill_in(**fields) -> WebinarForm:
        data = MultiValueDict()
        for name, value in typed(**fields).items():
            data.setlist(name, value if isinstance(value, list) else [value])
        form_class = WebinarPage.get_edit_handler().get_form_class()
        page = WebinarPage(locale=trees.locale("en"))
        return form_class(data, instance=page, parent_page=make.section(), for_user=person)

    return fill_in


@pytest.mark.parametrize(("minutes", "refused"), [("0", []), ("90", []), ("91", [1])])
def test_an_item_of_the_programme_begins_before_the_event_has_ended(filled_in, minutes, refused):
    items = [("item", {"minutes": number, "title": "Talk", "speakers": "", "note": ""}) for number in ("0", minutes)]
    form = filled_in(agenda=streamfield(items))
    assert (form.is_valid(), list(form.errors)) == (not refused, ["agenda"] if refused else [])
    found = form.errors.as_data().get("agenda", [])
    assert [
        (number, item.block_errors["minutes"].messages)
        for error in found
        for number, item in error.block_errors.items()
    ] == [(number, ["The event has ended by then. Choose an earlier minute, or a later end."]) for number in refused]


def test_what_is_wrong_in_the_programme_stands_beside_the_item(editor):
    late = streamfield([("item", {"minutes": "600", "title": "Talk", "speakers": "", "note": ""})])
    page = add(editor, agenda=late)
    assert (page.status_code, "The event has ended by then." in page.content.decode()) == (200, True)


def test_an_editor_types_the_clocks_of_the_events_zone(editor):
    assert add(editor).status_code == 302
    event = Event.objects.get()
    assert (event.starts_at, event.ends_at) == (
        datetime(2027, 12, 12, 14, 0, tzinfo=UTC),
        datetime(2027, 12, 12, 15, 30, tzinfo=UTC),
    )
    assert event.registration_closes_at == datetime(2027, 12, 11, 22, 59, tzinfo=UTC)
    assert (event.timezone, event.capacity, event.spoken_languages) == ("Europe/Brussels", 50, ["en", "fr"])


def test_the_form_shows_those_clocks_again_whatever_the_editors_own_zone(editor):
    add(editor, timezone="Asia/Kathmandu")
    page = WebinarPage.objects.get()
    html = editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert re.findall(r'name="(?:starts|ends)_at" value="([^"]*)"', html) == ["2027-12-12 15:00", "2027-12-12 16:30"]
    edit(editor, page, timezone="Asia/Kathmandu")
    event = Event.objects.get()
    assert (event.starts_at, event.revision) == (datetime(2027, 12, 12, 9, 15, tzinfo=UTC), 0)


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        ("Pacific/Apia", "2027-06-01 10:00", datetime(2027, 5, 31, 21, 0, tzinfo=UTC)),
        ("America/St_Johns", "2027-06-01 10:00", datetime(2027, 6, 1, 12, 30, tzinfo=UTC)),
        ("Europe/Brussels", "2027-03-28 03:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("UTC", "2027-02-28 23:59", datetime(2027, 2, 28, 23, 59, tzinfo=UTC)),
        ("Europe/Brussels", "2028-02-29 12:00", datetime(2028, 2, 29, 11, 0, tzinfo=UTC)),
    ],
)
def test_clocks_become_moments(filled_in, zone, wall, moment):
    form = filled_in(timezone=zone, starts_at=wall, ends_at="2029-01-01 00:00", registration_closes_at="")
    assert problems(form) == {}
    assert form.instance.starts_at == moment


BAD = [
    ({"starts_at": "2027-03-28 02:30"}, "starts_at", "In Brussels the clocks jump over 2027-03-28 02:30. Choose an earlier or a later time."),
    ({"starts_at": "2027-10-31 02:30"}, "starts_at", "In Brussels the clocks show 2027-10-31 02:30 twice. Choose an earlier or a later time."),
    ({"timezone": "Pacific/Apia", "starts_at": "2011-12-30 12:00"}, "starts_at", "In Apia the clocks jump over 2011-12-30 12:00. Choose an earlier or a later time."),
    ({"ends_at": "2027-12-12 15:00"}, "ends_at", "The event must end after it starts."),
    ({"ends_at": "2027-12-12"}, "ends_at", "Write the date and time like 2026-11-30 15:00."),
    ({"starts_at": "soon"}, "starts_at", "Write the date and time like 2026-11-30 15:00."),
    ({"registration_opens_at": "2027-12-12 15:00", "registration_closes_at": ""}, "registration_opens_at", "Registration must open before the event starts."),
    ({"registration_opens_at": "2027-12-11 23:59"}, "registration_closes_at", "Registration must close after it opens."),
    ({"timezone": "America/Bogota", "ends_at": "9999-12-31 23:00"}, "ends_at", "Choose a year between 2000 and 2100."),
    ({"starts_at": "1999-12-31 23:59"}, "starts_at", "Choose a year between 2000 and 2100."),
    ({"starts_at": ""}, "starts_at", "This field is required."),
    ({"join_link": "http://meet.example/x"}, "join_link", "Write the whole address of the meeting; it must begin with https://."),
    ({"join_link": "ftps://meet.example/x"}, "join_link", "Write the whole address of the meeting; it must begin with https://."),
    ({"join_link": "soon"}, "join_link", "Write the whole address of the meeting; it must begin with https://."),
    ({"timezone": "Mars/Base"}, "timezone", "Select a valid choice. Mars/Base is not one of the available choices."),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "field", "sentence"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_schedule_is_refused_with_a_sentence(filled_in, bad, field, sentence):
    assert problems(filled_in(**bad)) == {field: [sentence]}


@pytest.mark.parametrize(("zone", "wall"), [("America/Bogota", "9999-12-31 23:00"), ("Asia/Tokyo", "0001-01-01 00:00")])
def test_where_the_calendar_has_ended_clocks_show_no_moment(zone, wall):
    with pytest.raises(NoSuchTime):
        schedule.moment(datetime.fromisoformat(wall), zone)


def test_of_what_is_refused_nothing_is_written(editor):
    bad, field, sentence = BAD[0]
    answer = add(editor, **bad)
    assert answer.status_code == 200
    assert problems(answer.context["form"]) == {field: [sentence]}
    assert (sentence in answer.content.decode(), typed()["title"] in answer.content.decode()) == (True, True)
    assert (WebinarPage.objects.count(), Event.objects.count(), JoinLink.objects.count()) == (0, 0, 0)


def test_a_draft_may_lack_its_dates(editor):
    assert add(editor, publish=False, starts_at="", ends_at="").status_code == 302
    assert (WebinarPage.objects.get().starts_at, Event.objects.count()) == (None, 0)


def test_publishing_and_projecting_are_one(editor, monkeypatch):
    add(editor)
    page = WebinarPage.objects.get()

    def refuse(page):
        raise errors.AddressTaken

    monkeypatch.setattr(projecting, "_free_address", refuse)
    answer = edit(editor, page, title="Changed", join_link="https://meet.example/other", capacity="9")
    assert answer.status_code == 200
    page.refresh_from_db()
    assert (page.title, page.capacity, Event.objects.get().capacity) == ("Starting a city climate budget", 50, 50)
    assert JoinLink.objects.get().url == "https://meet.example/secret"
    assert Revision.objects.for_instance(page).count() == 1


def test_another_live_event_keeps_its_address(editor):
    add(editor)
    other = trees.child(make.section().get_parent(), "more", type(make.section()))
    url = reverse("wagtailadmin_pages:add", args=["events", "webinarpage", other.pk])
    answer = editor.post(url, {**typed(), "action-publish": "yes"})
    assert problems(answer.context["form"]) == {
        "slug": ["Another published event has this address already. Choose another slug."]
    }


def everywhere(text: str) -> list[str]:
    """Return each table in which the text stands."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_the_meeting_link_stands_in_its_record_only(editor, caplog):
    add(editor)
    page = WebinarPage.objects.get()
    edit(editor, page, publish=False, join_link="https://meet.example/secret-2")
    url = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])
    shown = "https://meet.example/secret-2"
    editor.post(url, typed(slug=page.slug, join_link="https://meet.example/secret-3", join_link_shown=shown))
    assert "secret-" not in editor.get(url).content.decode()
    assert everywhere("meet.example") == ["events_joinlink"]
    assert JoinLink.objects.get().url == "https://meet.example/secret-2"
    assert "meet.example" not in caplog.text
    assert "secret-2" in editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()


def stored() -> list[str]:
    return list(JoinLink.objects.values_list("url", flat=True))


def test_an_editor_left_open_undoes_no_link_that_was_set_meanwhile(editor):
    add(editor)
    page = WebinarPage.objects.get()
    before, since, mine = (f"https://meet.example/{name}" for name in ("secret", "since", "mine"))
    html = editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert re.findall(r'<input type="hidden" name="join_link_shown" value="([^"]*)"', html) == [before]
    set_join_link(translation_key=page.translation_key, url=since)
    for publish in (False, True):
        edit(editor, page, publish=publish, title="Other words", join_link=before, join_link_shown=before)
        assert stored() == [since]
    edit(editor, page, publish=False, join_link=mine, join_link_shown=before)
    assert stored() == [mine]
    edit(editor, page, publish=False, join_link="", join_link_shown=mine)
    assert stored() == []


def test_a_browser_that_saves_by_itself_knows_what_it_has_stored(editor):
    add(editor)
    page = WebinarPage.objects.get()
    before, other = "https://meet.example/secret", "https://meet.example/other"
    url, shown = reverse("wagtailadmin_pages:edit", args=[page.pk]), before
    # There and back, without the page being loaded anew.
    for link in (other, before):
        said = typed(slug=page.slug, join_link=link, join_link_shown=shown)
        answer = editor.post(url, said, headers={"accept": "application/json"}).json()
        shown = answer["field_updates"]["join_link_shown"]
        assert (answer["success"], shown, stored()) == (True, link, [link])


def test_a_translation_shows_the_link_and_leaves_it_alone(editor):
    add(editor)
    page = WebinarPage.objects.get()
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    french = trees.translated(page, "fr", starts_at=page.starts_at, ends_at=page.ends_at)
    url = reverse("wagtailadmin_pages:edit", args=[french.pk])
    html = editor.get(url).content.decode()
    (field,) = re.findall(r'<input type="url" name="join_link"[^>]*>', html)
    assert ('value="https://meet.example/secret"' in field, " disabled" in field) == (True, True)
    assert "Dates, venue, seats, format, languages and meeting link are set on the page" in html
    for shown in ("https://meet.example/secret", ""):
        answer = edit(editor, french, title="Budget", join_link="https://meet.example/other", join_link_shown=shown)
        assert (answer.status_code, stored()) == (302, ["https://meet.example/secret"])


def test_a_translation_shows_what_the_record_says_and_changes_none_of_it(editor):
    said = {"spoken_languages": ["de"], "interpretation": ["es"], "captions": ["en"], "waiting_list": True}
    page = make.webinar(**said, capacity=5, venue="City Hall", registration_opens_at=make.in_days(-1))
    event = Event.objects.get()
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    french = trees.translated(page, "fr", starts_at=make.in_days(9), ends_at=make.in_days(10))
    form = editor.get(reverse("wagtailadmin_pages:edit", args=[french.pk])).context["form"]
    closed = {name for name, field in form.fields.items() if field.disabled}
    when = {"starts_at", "ends_at", "timezone", "venue", "registration_opens_at", "registration_closes_at"}
    which = {"format", "capacity", "waiting_list", "spoken_languages", "interpretation", "captions"}
    assert closed == {*when, *which, "join_link"}
    assert {name: form[name].value() for name in ("capacity", *said)} == {"capacity": 5, **said}
    others = {"spoken_languages": ["en", "fr"], "interpretation": ["pt"], "captions": ["ar"], "capacity": "99"}
    assert edit(editor, french, title="Le budget", **others).status_code == 302
    french.refresh_from_db()
    shown = when | which
    assert {name: getattr(french, name) for name in shown} == {name: getattr(event, name) for name in shown}
    assert french.title == "Le budget"


@pytest.mark.parametrize("url", ["http://meet.example/a", "ftps://meet.example/a"])
def test_the_record_too_refuses_what_browsers_would_not_follow(url):
    with pytest.raises(ValidationError) as refusal:
        JoinLink(translation_key=uuid4(), url=url).full_clean()
    assert refusal.value.message_dict == {
        "url": ["Write the whole address of the meeting; it must begin with https://."]
    }


def test_an_emptied_link_is_forgotten():
    page = make.live_webinar()
    set_join_link(translation_key=page.translation_key, url="https://meet.example/a")
    set_join_link(translation_key=page.translation_key, url="")
    assert JoinLink.objects.count() == 0


def test_a_clone_keeps_words_and_seats_and_no_date(editor):
    add(editor, recording_note="The recording is being captioned.")
    page = WebinarPage.objects.get()
    assert page.recording_note == "The recording is being captioned."
    url = reverse("events_clone", args=[page.pk])
    assert editor.get(url).status_code == 200
    answer = editor.post(url, {"title": "Next city climate budget"})
    new = WebinarPage.objects.exclude(pk=page.pk).get()
    assert answer["Location"] == reverse("wagtailadmin_pages:edit", args=[new.pk])
    assert (new.title, new.slug, new.live, new.capacity, new.host, len(new.agenda)) == (
        "Next city climate budget", "next-city-climate-budget", False, 50, "City of Oslo", 1,
    )  # fmt: skip
    assert (new.starts_at, new.ends_at, new.registration_closes_at, new.recording_note) == (None, None, None, "")
    assert new.translation_key != page.translation_key
    assert (Event.objects.count(), JoinLink.objects.count()) == (1, 1)
    assert Revision.objects.for_instance(new).count() <= 1
    assert edit(editor, new, starts_at="2028-01-10 15:00", ends_at="2028-01-10 16:00").status_code == 302
    assert Event.objects.count() == 2


def test_two_clones_of_one_title_get_addresses_of_their_own(editor):
    page = make.live_webinar(title="Budget", slug="budget")
    for _ in range(2):
        editor.post(reverse("events_clone", args=[page.pk]), {"title": "Budget"})
    assert sorted(WebinarPage.objects.values_list("slug", flat=True)) == ["budget", "budget-2", "budget-3"]


def test_only_who_may_add_pages_clones_them(client):
    page = make.live_webinar()
    stranger = accounts.PersonFactory(is_staff=True)
    accounts.sign_in(client, stranger)
    answer = client.post(reverse("events_clone", args=[page.pk]), {"title": "Stolen"})
    assert (answer.status_code, WebinarPage.objects.count()) == (302, 1)


def test_wagtails_own_copying_makes_neither_live_copies_nor_aliases(editor):
    page = make.live_webinar()
    form = editor.get(reverse("wagtailadmin_pages:copy", args=[page.pk])).context["form"]
    assert sorted(form.fields) == ["new_parent_page", "new_slug", "new_title"]


def test_the_page_has_one_form_with_tabs(editor):
    html = editor.get(
        reverse("wagtailadmin_pages:add", args=["events", "webinarpage", make.section().pk])
    ).content.decode()
    tabs = re.findall(r'<a[^>]*class="w-tabs__tab[^"]*"[^>]*>\s*([^<]+?)\s*<', html)
    assert tabs == ["What", "When and where", "Registration", "Programme", "Search and sharing"]


def beside_seats(client, page: Page) -> str:
    """Return what the editor says beside the number of seats."""
    answer = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    found = BeautifulSoup(answer.content, "html.parser").select_one("#panel-child-registration-capacity-section .help")
    return " ".join(found.get_text(" ", strip=True).split())


def test_beside_the_seats_stands_how_many_wait_as_long_as_a_larger_number_gives_them_one(editor):
    page = make.live_webinar(capacity=1)
    event = Event.objects.get()
    make.registered(event, "Ana")
    assert beside_seats(editor, page) == "Leave empty if there is no limit."
    make.registered(event, "Bo")
    assert beside_seats(editor, page) == (
        "Leave empty if there is no limit. 1 person waits. A larger number, or none, gives them a seat 2 minutes after "
        "it is published, unless the former number is published before that."
    )
    make.registered(event, "Cy")
    make.registered(make.event(capacity=0), "Di")
    assert beside_seats(editor, page) == (
        "Leave empty if there is no limit. 2 people wait. A larger number, or none, gives them seats 2 minutes after "
        "it is published, unless the former number is published before that."
    )
    for change in ({"status": "cancelled"}, {"status": "scheduled", "starts_at": clock.now()}):
        Event.objects.filter(pk=event.pk).update(**change)
        assert beside_seats(editor, page) == "Leave empty if there is no limit."


@pytest.mark.parametrize("number", [1, 3])
def test_counting_who_waits_costs_one_statement(number, django_assert_num_queries):
    page = make.live_webinar(capacity=0)
    for step in range(number):
        make.registered(Event.objects.get(), f"Guest {step}")
    form = WebinarPage.get_edit_handler().get_form_class()(instance=page)
    with django_assert_num_queries(1):
        form._say_who_waits(page)
    assert f" {number} p" in form.fields["capacity"].help_text
