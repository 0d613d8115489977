"""New dates, cancelled events and what is undone in time: who is told what, once, and with which calendar file."""

from datetime import timedelta

import pytest

from core import clock
from events.models import Event, EventVersion, Registration
from events.services import (
    announce_changes,
    announcing,
    cancel,
    cancel_event,
    notices,
    project_event,
    promote_from_waiting_list,
    restore_event,
    set_join_link,
)
from mail import pacing
from mail.models import Message
from tests.events.changing import WINDOW, all_leave, entry, last, move, told, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


@pytest.fixture
def staff():
    return PersonFactory()


def test_a_new_date_is_told_after_the_window_to_each_person_once(time):
    page = webinar(capacity=1)
    event = Event.objects.get()
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    cancel(registration_id=Registration.objects.get(name="Cy").pk)
    move(page, days=2)
    time.shift(WINDOW - 1)
    assert (announce_changes(), told()) == (0, [])
    time.shift(1)
    assert (announce_changes(), announce_changes(), told()) == (2, 0, [("moved", "ana"), ("moved", "bo")])
    assert EventVersion.objects.untold().count() == 0


def test_the_new_invitation_tops_the_old_one_and_says_what_changed(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    method, first = entry(last("confirmation"))
    move(page, days=2, hours=1)
    time.shift(WINDOW)
    announce_changes()
    content = last("moved")
    assert content.subject == "New date or time: Budget"
    assert change_in(content.text) == [
        "Before: Saturday, 12 December 2026, 09:00 to 10:30, Bogota (UTC−5)",
        "  Saturday, 12 December 2026, 15:00 to 16:30, Brussels (UTC+1)",
        "Now: Monday, 14 December 2026, 10:00 to 11:30, Bogota (UTC−5)",
        "  Monday, 14 December 2026, 16:00 to 17:30, Brussels (UTC+1)",
    ]
    before = "Saturday, 12 December 2026, 09:00 to 10:30", "Saturday, 12 December 2026, 15:00 to 16:30"
    assert [content.html.count(words) for words in (">Before<", *before)] == [1, 1, 1]
    again, second = entry(content)
    assert (method, again, first["uid"] == second["uid"]) == ("REQUEST", "REQUEST", True)
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert second["dtstart"].dt - first["dtstart"].dt == timedelta(days=2, hours=1)


def test_a_time_is_told_once_where_both_clocks_show_the_same(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana", timezone="Europe/Paris")
    move(page, days=2, hours=1)
    time.shift(WINDOW)
    announce_changes()
    content = last("moved")
    assert change_in(content.text) == [
        "Before: Saturday, 12 December 2026, 15:00 to 16:30, Paris (UTC+1)",
        "Now: Monday, 14 December 2026, 16:00 to 17:30, Paris (UTC+1)",
    ]
    assert ("Paris (UTC+1)" in content.html, "Brussels" in content.html) == (True, False)


def change_in(text: str) -> list[str]:
    """Return the lines of a mail that say what a date was and is."""
    lines = [line.replace("\u2068", "").replace("\u2069", "") for line in text.splitlines()]
    first = next(number for number, line in enumerate(lines) if line.startswith("Before"))
    return lines[first : lines.index("", first)]


def test_a_new_zone_alone_is_told_too(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    page.timezone = "Asia/Kathmandu"
    project_event(page=page)
    time.shift(WINDOW)
    assert announce_changes() == 1
    text = last("moved").text
    assert ("15:00 to 16:30, Brussels (UTC+1)" in text, "19:45 to 21:15, Kathmandu (UTC+5:45)" in text) == (True, True)
    assert entry(last("moved"))[1]["dtstart"].params["TZID"] == "Asia/Kathmandu"


def test_a_new_zone_whose_clocks_show_the_person_nothing_else_is_named(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana", timezone="Europe/Brussels")
    page.timezone = "Europe/Madrid"
    project_event(page=page)
    time.shift(WINDOW)
    assert announce_changes() == 1
    assert change_in(last("moved").text) == [
        "Before: Saturday, 12 December 2026, 15:00 to 16:30, Brussels (UTC+1)",
        "Now: Saturday, 12 December 2026, 15:00 to 16:30, Madrid (UTC+1)",
    ]


def test_who_waits_is_told_of_the_date_and_gets_no_file(time):
    page = webinar(capacity=0)
    make.registered(Event.objects.get(), "Ana")
    move(page, days=1)
    time.shift(WINDOW)
    announce_changes()
    content = last("moved")
    assert ("You keep your place on the waiting list." in content.text, content.attachments) == (True, ())
    assert "/join/" not in content.text


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_changes_are_told_in_each_language(time, staff, language):
    page = webinar()
    make.registered(Event.objects.get(), "Ana", language=language)
    for act, kind in (
        (lambda: move(page, days=1), "moved"),
        (lambda: cancel_event(event_id=Event.objects.get().pk, by=staff, reason="x"), "called-off"),
        (lambda: restore_event(event_id=Event.objects.get().pk, by=staff, reason="x"), "restored"),
    ):
        act()
        time.shift(WINDOW)
        announce_changes()
        content = last(kind)
        all_leave()
        assert (f'lang="{language}"' in content.html, "Budget" in content.subject) == (True, True)
        assert ('dir="rtl"' in content.html) is (language == "ar")


@pytest.mark.parametrize("change", ["title", "slug", "capacity", "waiting_list", "summary"])
def test_nothing_is_told_of_other_words_seats_or_addresses(time, change):
    page = webinar(capacity=5)
    make.registered(Event.objects.get(), "Ana")
    setattr(page, change, {"capacity": 9, "waiting_list": False}.get(change, "other"))
    project_event(page=page)
    time.shift(WINDOW)
    assert (announce_changes(), told()) == (0, [])


def test_a_new_meeting_link_sends_nothing(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    for url in ("https://meet.example/1", "https://meet.example/2", ""):
        set_join_link(translation_key=page.translation_key, url=url)
    time.shift(WINDOW)
    assert (announce_changes(), Message.objects.count(), Event.objects.get().revision) == (0, 1, 0)


def test_a_date_that_is_put_back_in_time_is_told_to_nobody(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    move(page, days=2)
    time.shift(WINDOW - 1)
    move(page, days=-2)
    time.shift(WINDOW)
    assert (announce_changes(), told(), EventVersion.objects.untold().count()) == (0, [], 0)


def test_publishing_twice_quickly_tells_once_and_the_last(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    move(page, days=1)
    time.shift(60)
    move(page, days=1)
    time.shift(60)
    assert announce_changes() == 0
    time.shift(60)
    assert (announce_changes(), told()) == (1, [("moved", "ana")])
    text = last("moved").text
    assert ("14 December 2026" in text, "13 December 2026" in text) == (True, False)


def test_who_registers_before_a_change_is_undone_is_the_only_one_told_of_the_undoing(time):
    page = webinar()
    event = Event.objects.get()
    make.registered(event, "Ana")
    move(page, days=2)
    make.registered(event, "Bo")
    assert "14 December 2026" in last("confirmation", "bo").text
    move(page, days=-2)
    time.shift(WINDOW)
    assert (announce_changes(), told()) == (1, [("moved", "bo")])
    sequences = [entry(last("confirmation", "bo"))[1]["sequence"], entry(last("moved"))[1]["sequence"]]
    assert sequences[-1] > 1


def test_who_registers_after_the_change_is_not_told_of_it(time):
    page = webinar()
    event = Event.objects.get()
    make.registered(event, "Ana")
    move(page, days=2)
    make.registered(event, "Bo")
    time.shift(WINDOW)
    assert (announce_changes(), told()) == (1, [("moved", "ana")])


def test_who_is_promoted_under_a_date_that_is_undone_is_told(time):
    page = webinar(capacity=1)
    event = Event.objects.get()
    first = make.registered(event, "Ana")
    make.registered(event, "Bo")
    move(page, days=2)
    cancel(registration_id=first.pk)
    promote_from_waiting_list(event_id=event.pk)
    assert "14 December 2026" in last("promoted").text
    move(page, days=-2)
    time.shift(WINDOW)
    assert (announce_changes(), told()) == (1, [("moved", "bo")])


def test_a_mail_that_leaves_within_the_window_says_what_the_person_has_been_told(time, client):
    page = webinar()
    registration = make.registered(Event.objects.get(), "Ana")
    move(page, days=2)
    assert "12 December 2026" in last("confirmation").text
    download = client.get(f"/registration/{registration.token}/calendar.ics")
    assert b"20261212T150000" in download.content
    move(page, days=-2)
    time.shift(WINDOW)
    assert announce_changes() == 0


def test_news_that_has_not_left_gives_way_to_newer_news(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    for _ in range(2):
        move(page, days=1)
        time.shift(WINDOW)
        announce_changes()
    assert [(one.state, one.reason) for one in Message.objects.filter(kind="event-moved").order_by("id")] == [
        ("cancelled", "withdrawn"),
        ("queued", ""),
    ]
    text = last("moved").text
    assert [day in text for day in ("12 December", "13 December", "14 December")] == [True, False, True]


def test_news_that_has_not_left_and_is_undone_is_withdrawn_without_another(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    for days in (1, -1):
        move(page, days=days)
        time.shift(WINDOW)
        announce_changes()
    assert told() == []


def test_nothing_is_told_of_an_event_that_is_over(time):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    move(page, days=-60)
    time.shift(WINDOW)
    assert (announce_changes(), told(), EventVersion.objects.untold().count()) == (0, [], 0)


def test_people_are_told_in_portions_and_a_new_change_ends_them(time, monkeypatch):
    monkeypatch.setattr(announcing, "PORTION", 2)
    page = webinar()
    event = Event.objects.get()
    for name in "ABCDE":
        make.registered(event, name)
    move(page, days=1)
    time.shift(WINDOW)
    assert announcing._tell_portion(event.pk, ahead=0) == (2, True)
    move(page, days=1)
    assert announce_changes() == 0
    time.shift(WINDOW)
    assert announce_changes() == 5
    assert sorted(name for _kind, name in told()) == ["a", "b", "c", "d", "e"]


def test_many_are_told_over_some_seconds_so_that_a_sign_in_code_need_not_wait(time, monkeypatch):
    monkeypatch.setattr(pacing, "DUE_PER_SECOND", 2)
    page = webinar()
    for name in "ABCDE":
        make.registered(Event.objects.get(), name)
    move(page, days=1)
    time.shift(WINDOW)
    announce_changes()
    waits = [(one.due_at - clock.now()).total_seconds() for one in Message.objects.filter(kind="event-moved")]
    assert sorted(waits) == [0, 0, 1, 1, 2]


def test_news_fall_due_at_the_set_rate_and_let_mail_to_one_go_first(time, settings):
    settings.MAIL_RATES = {"transactional": 0.5, "bulk": 0}
    page = webinar()
    for name in "ABC":
        make.registered(Event.objects.get(), name)
    move(page, days=1)
    time.shift(WINDOW)
    announce_changes()
    news = Message.objects.filter(kind="event-moved").order_by("due_at")
    assert [(one.due_at - clock.now()).total_seconds() for one in news] == [0, 2, 4]
    assert {one.gives_way for one in news} == {True}
    assert not Message.objects.filter(kind="event-confirmation", gives_way=True).exists()


def test_an_event_that_fails_keeps_no_other_news_back(time, monkeypatch, caplog):
    pages = [webinar(slug=slug) for slug in ("one", "two")]
    broken, whole = Event.objects.get(slug="one"), Event.objects.get(slug="two")
    make.registered(broken, "Ana")
    make.registered(whole, "Bo")
    for page in pages:
        move(page, days=1)
    time.shift(WINDOW)
    say = notices.say_changed

    def fails(kind, event, *args, **kwargs):
        if event == broken:
            raise RuntimeError
        say(kind, event, *args, **kwargs)

    monkeypatch.setattr(notices, "say_changed", fails)
    assert (announce_changes(), told()) == (1, [("moved", "bo")])
    assert "Could not tell of the changes" in caplog.text
    assert broken.versions.untold().count() == 1


def test_an_address_that_takes_no_mail_keeps_the_news_from_nobody_else(time):
    page = webinar()
    for name in ("Ana", "Bo"):
        make.registered(Event.objects.get(), name)
    Registration.objects.filter(name="Ana").update(email="nothing")
    move(page, days=1)
    time.shift(WINDOW)
    announce_changes()
    assert (told(), EventVersion.objects.untold().count()) == ([("moved", "bo")], 0)


@pytest.mark.parametrize("number", [1, 3])
def test_asking_whether_anything_is_to_be_told_costs_one_statement(time, django_assert_num_queries, number):
    for _ in range(number):
        make.registered(make.event(), "Ana")
    with django_assert_num_queries(1):
        announce_changes()


def test_publishing_in_the_editor_is_what_is_told(time):
    page = make.webinar()
    make.registered(Event.objects.get(), "Ana")
    page.starts_at -= timedelta(hours=1)
    make.publish_now(page)
    time.shift(WINDOW)
    assert (announce_changes(), told()) == (1, [("moved", "ana")])


def test_the_window_is_a_setting(time, settings):
    settings.MAIL_UNDO_SECONDS = 0
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    move(page, days=1)
    assert announce_changes() == 1


def test_an_event_from_before_there_were_versions_is_told_as_it_stands():
    webinar()
    make.registered(Event.objects.get(), "Ana")
    EventVersion.objects.all().delete()
    assert "12 December 2026" in last("confirmation").text
