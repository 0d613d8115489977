"""What staff see of seats they add, and of what a schedule will publish, before anybody is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from events.audiences import NextInLine
from events.models import Event, Registration, WebinarPage
from events.services import announce_changes, cancel, cancel_event, give_held_seats
from mail import rehearsal
from mail.admin.message import frame_policy
from mail.models import Message
from tests.events.changing import WINDOW, all_leave
from tests.events.screens import body, typed, url
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]

# The form names what it does not change as the event of `page` has it.
UNCHANGED = {
    "title": "Budget",
    "starts_at": "2026-12-12 15:00",
    "ends_at": "2026-12-12 16:30",
    "registration_closes_at": "",
}


@pytest.fixture
def publisher(client: Client) -> Client:
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


@pytest.fixture
def page(event: Event) -> WebinarPage:
    """The page of an event of 12 December with one seat, which Ana has; Bo, Cy and Di wait."""
    Event.objects.update(capacity=1)
    page = WebinarPage.objects.get()
    WebinarPage.objects.update(capacity=1)
    make.registered(event, "Ana", language="en", timezone="Europe/Brussels")
    make.registered(event, "Bo", language="fr", timezone="America/Bogota")
    make.registered(event, "Cy", language="en", timezone="Asia/Kathmandu")
    make.registered(event, "Di", language="ar", timezone="Africa/Cairo")
    all_leave()
    page.refresh_from_db()
    return page


def publish(client: Client, page: WebinarPage, **fields: str):
    data = typed(slug=page.slug, **{"action-publish": "1", **UNCHANGED, **fields})
    return client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), data, follow=True)


def said(answer) -> list[str]:
    return [" ".join(str(one).split()) for one in answer.context["messages"]]


def row(words: str, number: int) -> str:
    return f'<tr><th scope="row"><bdi>{words}</bdi></th><td>{number}</td></tr>'


def tallies(part) -> list[dict[str, int]]:
    found = part["rehearsal"]
    return [dict(one) for one in (found.by_language, found.by_state, found.by_zone)]


def parts(answer) -> list[tuple[str, int, str]]:
    """Return heading, number and moment of each part of a rehearsal."""
    found = answer.context["parts"]
    return [(str(one["heading"]), one["rehearsal"].total, f"{one['leaves_at']:%d %H:%M}") for one in found]


def test_whoever_publishes_more_seats_reads_how_many_get_one_when_and_where_to_see_it(publisher, page):
    (seats, _published) = said(publish(publisher, page, capacity="3"))
    words = "2 people who wait will get a seat in 2 minutes and be told. Taken back before that, nobody does."
    assert words in seats
    assert f'href="{url("news", page.pk)}"' in seats


def test_who_gets_a_seat_is_counted_by_language_state_and_zone_with_a_sample_in_each_language_read(publisher, page):
    publish(publisher, page, capacity="3")
    answer = publisher.get(url("news", page.pk))
    assert parts(answer) == [("Seats for those who wait", 2, "01 09:02")]
    (part,) = answer.context["parts"]
    by_language, by_state, by_zone = tallies(part)
    assert (by_language, by_state) == ({"français": 1, "English": 1}, {"On the waiting list": 2})
    assert (len(by_zone), sum(by_zone.values())) == (2, 2)
    shown = body(answer)
    assert [words in shown for words in ("2 people would get this.", "2026-11-01 09:02 UTC", row("English", 1))] == [
        True
    ] * 3
    subjects = [one["sample"].content.subject for one in part["samples"]]
    assert subjects == ["You have a seat now: Budget", "Vous avez maintenant une place\u00a0: Budget"]
    sample = publisher.get(part["samples"][0]["url"])
    assert (sample.status_code, sample["Content-Security-Policy"]) == (200, frame_policy())
    assert "You have a seat" in body(sample)


def test_the_sample_is_what_whoever_gets_the_seat_then_reads(publisher, page, time):
    publish(publisher, page, capacity="2")
    foreseen = rehearsal.rehearse(NextInLine(Event.objects.get()))
    time.shift(WINDOW)
    assert give_held_seats() == foreseen.total == 1
    message = Message.objects.get(kind="event-promoted")
    (sample,) = (one for one in foreseen.samples if one.language == message.language)
    assert sample.content.subject == "Vous avez maintenant une place\u00a0: Budget"


def test_less_seats_published_in_time_leave_nobody_on_the_screen(publisher, page):
    publish(publisher, page, capacity="3")
    words = "The seats are taken back: nobody who waits gets one, and nobody gets a mail about it."
    (first, _published) = said(publish(publisher, page, capacity="1"))
    assert words in first
    shown = body(publisher.get(url("news", page.pk)))
    assert (words in shown, "would get this" in shown) == (True, False)


def test_a_new_date_and_more_seats_are_two_mails_and_nobody_gets_both(publisher, page, time):
    moved = {"starts_at": "2026-12-14 15:00", "ends_at": "2026-12-14 16:30"}
    (words, _published) = said(publish(publisher, page, capacity="2", **moved))
    assert "3 people will be told of the change in 2 minutes. 1 person who waits will get a seat" in words
    answer = publisher.get(url("news", page.pk))
    assert parts(answer) == [("News of the change", 3, "01 09:02"), ("Seats for those who wait", 1, "01 09:02")]
    time.shift(WINDOW)
    assert (give_held_seats(), announce_changes()) == (1, 3)


def test_restoring_shows_who_gets_a_seat_that_became_free_meanwhile(publisher, page, time):
    event = Event.objects.get()
    cancel_event(event_id=event.pk, by=accounts.PersonFactory(), reason="x")
    time.shift(WINDOW)
    announce_changes()
    all_leave()
    cancel(registration_id=Registration.objects.get(name="Ana").pk)
    answer = publisher.get(url("restore", page.pk))
    assert parts(answer) == [("News of the change", 2, "01 09:04"), ("Seats for those who wait", 1, "01 09:04")]
    assert (
        "2 people have been told of the cancellation, or of another date or venue, and will get a mail in 2 minutes. "
        "1 person who waits will get a seat in 2 minutes and be told. Taken back before that, nobody does."
    ) in body(answer)
    (done,) = said(publisher.post(url("restore", page.pk), {"reason": "x"}, follow=True))
    assert (
        "The event takes place after all. 2 people will be told in 2 minutes. 1 person who waits will get a seat in 2 "
        "minutes and be told."
    ) in done
    sample = publisher.get(answer.context["parts"][1]["samples"][0]["url"])
    assert "Vous avez maintenant une place" in body(sample)
    time.shift(WINDOW)
    assert (give_held_seats(), announce_changes()) == (1, 2)


def test_restoring_before_anybody_heard_promises_a_seat_and_no_other_mail(publisher, page):
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    Event.objects.update(capacity=2)
    answer = publisher.get(url("restore", page.pk))
    assert parts(answer) == [("Seats for those who wait", 1, "01 09:02")]
    assert (
        "The event takes place after all, and everybody has the seat or place they had. 1 person who waits will get"
    ) in body(answer)
    (done,) = said(publisher.post(url("restore", page.pk), {"reason": "x"}, follow=True))
    assert "The event takes place after all. 1 person who waits will get a seat in 2 minutes" in done


def test_what_a_schedule_will_tell_is_rehearsed_before_it_is_public(publisher, page):
    moved = {"starts_at": "2026-12-14 15:00", "ends_at": "2026-12-14 16:30", "go_live_at": "2026-11-01 12:00"}
    (words, _scheduled) = said(publish(publisher, page, capacity="3", **moved))
    assert (
        "; then 2 people will be told. More seats are published at" in words,
        "; then 2 people who wait will get one and be told." in words,
        f'href="{url("news", page.pk)}"' in words,
    ) == (True, True, True)
    answer = publisher.get(url("news", page.pk))
    assert [(heading, number) for heading, number, _at in parts(answer)] == [
        ("News of the change that is scheduled", 2),
        ("Seats for those who wait, by what is scheduled", 2),
    ]
    news, seats = answer.context["parts"]
    assert news["leaves_at"] == page.revisions.latest("pk").approved_go_live_at + timedelta(seconds=WINDOW)
    assert [(one["sample"].language, one["sample"].number) for one in news["samples"]] == [("en", 1), ("ar", 1)]
    assert news["samples"][0]["sample"].content.subject == "New date or time: Budget"
    sample = publisher.get(news["samples"][0]["url"])
    assert ("14 December 2026" in body(sample), "12 December 2026" in body(sample)) == (True, True)
    seat = publisher.get(seats["samples"][0]["url"])
    assert "14 December 2026" in body(seat)
    assert Event.objects.get().starts_at.day == 12


def test_a_schedule_that_brings_no_news_offers_no_rehearsal(publisher, page):
    assert len(said(publish(publisher, page, capacity="1", go_live_at="2026-11-01 12:00"))) == 1
    assert f'href="{url("news", page.pk)}"' not in body(
        publisher.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    )
    assert publisher.get(url("news_sample", page.pk, "coming-dates", "en")).status_code == 404


def test_a_schedule_taken_back_is_rehearsed_no_more(publisher, page):
    publish(publisher, page, capacity="3", go_live_at="2026-11-01 12:00")
    revision = page.revisions.get(approved_go_live_at__gt=clock.now())
    publisher.post(reverse("wagtailadmin_pages:revisions_unschedule", args=[page.pk, revision.pk]))
    assert "0 people would get this." in body(publisher.get(url("news", page.pk)))
    assert publisher.get(url("news_sample", page.pk, "coming", "en")).status_code == 404


@pytest.mark.parametrize("which", ["seats", "coming", "coming-seats"])
def test_staff_who_may_not_publish_read_no_samples_of_seats_or_of_what_is_scheduled(client, page, which):
    accounts.sign_in(client, accounts.PersonFactory())
    answer = client.get(url("news_sample", page.pk, which, "en"))
    assert (answer.status_code, "You have a seat" in body(answer)) == (302, False)


@pytest.mark.parametrize("number", [1, 3])
def test_the_rehearsal_of_seats_costs_the_same_for_one_and_for_three(page, django_assert_num_queries, number):
    event = Event.objects.get()
    event.capacity = 1 + number
    # What it costs goes by the languages that are read, each of which has its samples.
    Registration.objects.update(language="en")
    rehearsal.rehearse(NextInLine(event))
    with django_assert_num_queries(10):
        assert rehearsal.rehearse(NextInLine(event)).total == number


def test_nobody_is_next_in_line_for_what_has_begun_or_is_called_off(page):
    event = Event.objects.get()
    event.capacity = None
    assert NextInLine(event).people().count() == 3
    event.starts_at = clock.now()
    assert NextInLine(event).people().count() == 0


def test_a_schedule_is_not_said_to_bring_what_was_published_before_it(publisher, page):
    moved = {"starts_at": "2026-12-14 15:00", "ends_at": "2026-12-14 16:30", "capacity": "2"}
    publish(publisher, page, **moved)
    (words, _scheduled) = said(publish(publisher, page, **moved, summary="Hello", go_live_at="2026-11-01 12:00"))
    assert ("3 people will be told of the change in 2 minutes." in words, "published at" in words) == (True, False)
    found = parts(publisher.get(url("news", page.pk)))
    assert [heading for heading, *_more in found] == ["News of the change", "Seats for those who wait"]


def test_seats_added_just_before_the_start_are_said_to_go_to_nobody(publisher, page, time):
    time.move_to(Event.objects.get().starts_at - timedelta(seconds=WINDOW - 1))
    accounts.sign_in(publisher, accounts.PersonFactory(admin=True))
    words = "The event begins before seats could be taken back: nobody who waits gets one any more."
    (first, _published) = said(publish(publisher, page, capacity="3"))
    assert words in first
    assert words in body(publisher.get(url("news", page.pk)))
