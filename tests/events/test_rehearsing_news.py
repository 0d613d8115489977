"""What staff see before they call an event off or restore it, and after they publish a new date: who will be told."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from core import clock
from events.admin.telling import left_behind
from events.audiences import News
from events.errors import EventOver
from events.models import Event, EventVersion, Registration, WebinarPage
from events.services import announce_changes, cancel, cancel_event, restore_event
from mail import rehearsal
from mail.admin.message import frame_policy
from mail.models import Message
from mail.services import suppress
from tests.events.changing import WINDOW, all_leave, last, move
from tests.events.changing import told as everybody_told
from tests.events.screens import body, typed, url
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


@pytest.fixture
def publisher(client: Client) -> Client:
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


@pytest.fixture
def page(event: Event) -> WebinarPage:
    """The page of an event of 12 December, 15:00 in Brussels, with two who have a seat, in two languages and zones."""
    make.registered(event, "Ana", language="fr", timezone="America/Bogota")
    make.registered(event, "Bo", language="en", timezone="Asia/Kathmandu")
    return WebinarPage.objects.get()


def row(words: str, number: int) -> str:
    return f'<tr><th scope="row"><bdi>{words}</bdi></th><td>{number}</td></tr>'


def told(news: News) -> list[str]:
    return sorted(news.people().values_list("name", flat=True))


def later(time) -> None:
    """Let the window pass, people be told, and their mails leave."""
    time.shift(WINDOW)
    announce_changes()
    all_leave()


def sample(client: Client, page: Page, status: str, language: str = "en") -> str:
    answer = client.get(url("news_sample", page.pk, status, language))
    assert (answer.status_code, answer["Content-Security-Policy"]) == (200, frame_policy())
    return body(answer)


def test_calling_off_shows_who_would_be_told_by_language_zone_and_state_and_how(publisher, page):
    event = Event.objects.get()
    Event.objects.update(capacity=2)
    make.registered(event, "Cy", language="en", timezone="America/Bogota")
    cancel(registration_id=make.registered(event, "Di", language="ar").pk)
    answer = publisher.get(url("call_off", page.pk))
    shown = body(answer)
    assert "3 people would get this." in shown
    assert "The first message would leave at " in shown
    assert "2026-11-01 09:02 UTC" in shown
    counts = {"English": 2, "français": 1, "Bogota (UTC−5)": 2, "Kathmandu (UTC+5:45)": 1, "Confirmed": 2}
    assert [row(words, number) in shown for words, number in {**counts, "On the waiting list": 1}.items()] == [True] * 6
    assert "العربية</bdi></th>" not in shown
    samples = [one["sample"] for one in answer.context["parts"][0]["samples"]]
    assert [(one.wording, one.language, one.number) for one in samples] == [
        ("Confirmed", "en", 1),
        ("Confirmed", "fr", 1),
        ("On the waiting list", "en", 1),
    ]
    assert samples[0].content.subject == "Cancelled: Budget"
    assert url("news_sample", page.pk, "cancelled", "fr") in shown
    assert "The attached file takes it off your calendar." in sample(publisher, page, "cancelled")
    event.refresh_from_db()
    assert (event.status, Message.objects.filter(kind="event-called-off").count()) == ("scheduled", 0)


def samples(answer) -> list[tuple[str, str, int, str]]:
    """Return of each sample of the first part for whom, in which language and for how many it is, and its text."""
    found = [one["sample"] for one in answer.context["parts"][0]["samples"]]
    return [(one.wording, one.language, one.number, one.content.text) for one in found]


def test_who_waits_reads_other_words_than_who_has_a_seat_and_each_is_shown_in_each_language_read(publisher, page, time):
    """Whoever waits: of a call-off, of a new date, and of a restoration."""
    event = Event.objects.get()
    Event.objects.update(capacity=2)
    make.registered(event, "Cy", language="pt")
    shown = publisher.get(url("call_off", page.pk))
    seated, waits = "The attached file takes it off your calendar.", "a lista de espera terminou"
    assert [(*of, seated in text, waits in text) for *of, text in samples(shown)] == [
        ("Confirmed", "en", 1, True, False),
        ("Confirmed", "fr", 1, False, False),
        ("On the waiting list", "pt", 1, False, True),
    ]
    html = body(shown)
    assert [f"{words} (1)</summary>" in html for words in ("English</span>, Confirmed", ">português</span>, On the waiting list")] == [True, True]  # fmt: skip
    # The frame shows the same wording.
    frame = shown.context["parts"][0]["samples"][2]["url"]
    assert frame == f"{url('news_sample', page.pk, 'cancelled', 'pt')}?wording=waiting-0"
    assert (waits in body(publisher.get(frame)), frame in html) == (True, True)


def test_who_was_told_of_another_version_has_a_sample_that_says_so(publisher, page, time):
    move(page, days=1)
    make.registered(Event.objects.get(), "Cy", language="en")
    move(page, days=1)
    found = samples(publisher.get(url("news", page.pk)))
    assert [(*of, "12 December 2026" in text, "13 December 2026" in text) for *of, text in found] == [
        ("Confirmed, told last of 2026-12-12 14:00 UTC", "en", 1, True, False),
        ("Confirmed, told last of 2026-12-12 14:00 UTC", "fr", 1, False, False),
        ("Confirmed, told last of 2026-12-13 14:00 UTC", "en", 1, False, True),
    ]
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    later(time)
    restored = restore_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    make.registered(restored, "Di", language="en")
    move(page, days=1)
    assert [of for *of, _text in samples(publisher.get(url("news", page.pk)))] == [
        ["Confirmed, told last that the event is cancelled", "en", 2],
        ["Confirmed, told last that the event is cancelled", "fr", 1],
        ["Confirmed, told last of 2026-12-14 14:00 UTC", "en", 1],
    ]


def test_versions_that_say_the_same_are_one_sample(publisher, page):
    move(page, days=1)
    move(page, days=-1)
    make.registered(Event.objects.get(), "Cy", language="en")
    found = samples(publisher.get(url("call_off", page.pk)))
    assert [of for *of, _text in found] == [["", "en", 2], ["", "fr", 1]]


@pytest.mark.parametrize("key", ["cancelled-0", "waiting-7", "waiting", "waiting-x", "-"])
def test_a_sample_of_a_wording_that_nobody_reads_is_not_found(publisher, page, key):
    address = url("news_sample", page.pk, "cancelled", "en")
    assert [publisher.get(address, {"wording": given}).status_code for given in ("waiting-0", key)] == [200, 404]


def test_the_sample_says_what_people_then_read(publisher, page, time):
    wording = sample(publisher, page, "cancelled")
    subject = rehearsal.sample(News(Event.objects.get(), "cancelled"), "en").subject
    publisher.post(url("call_off", page.pk), {"reason": "x"})
    later(time)
    sent = last("called-off", "bo")
    assert (sent.subject, "The attached file takes it off your calendar." in sent.html) == (subject, True)
    assert "The attached file takes it off your calendar." in wording


def test_restoring_tells_those_who_heard_and_the_sample_brings_the_event_back(publisher, page, time):
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    at_once = body(publisher.get(url("restore", page.pk)))
    assert ("0 people would get this." in at_once, "would leave at" in at_once, "<iframe" in at_once) == (
        True, False, False,
    )  # fmt: skip
    later(time)
    shown = body(publisher.get(url("restore", page.pk)))
    assert ("2 people would get this." in shown, row("français", 1) in shown) == (True, True)
    assert (
        "The event takes place after all, and everybody has the seat or place they had. 2 people have been told of "
        "the cancellation, or of another date or venue, and will get a mail in 2 minutes."
    ) in shown
    cancel(registration_id=Registration.objects.get(name="Ana").pk)
    assert (
        "1 person has been told of the cancellation, or of another date or venue, and will get a mail in 2 minutes."
        in body(publisher.get(url("restore", page.pk)))
    )
    assert "takes place after all. You have your seat again" in sample(publisher, page, "scheduled")
    file = News(Event.objects.get(), "scheduled").sample("en").attachments[0].content
    assert (b"METHOD:REQUEST" in file, b"STATUS:CONFIRMED" in file) == (True, True)


def test_the_sample_of_a_restoration_says_both_dates_to_who_was_told_of_none_but_the_first(publisher, page, time):
    """Moved and called off within one window: the mail that called it off named the first date alone."""
    move(page, days=1)
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    later(time)
    assert "12 December 2026" in last("called-off", "bo").text
    [one] = [
        text
        for _wording, language, _number, text in samples(publisher.get(url("restore", page.pk)))
        if language == "en"
    ]
    frame = sample(publisher, page, "scheduled")
    publisher.post(url("restore", page.pk), {"reason": "x"})
    later(time)
    sent = last("restored", "bo")
    for text in (one, frame, sent.text):
        assert ("12 December 2026" in text, "13 December 2026" in text, "Before" in text) == (True, True, True)


def acted(client: Client, page: Page, name: str) -> str:
    """Call off or restore; return what staff then read."""
    answer = client.post(url(name, page.pk), {"reason": "x"}, follow=True)
    (said,) = answer.context["messages"]
    return str(said).strip()


NOBODY = "There is nobody to tell, so nobody gets a mail."
UNHEARD = "Nobody who is registered has been told of the cancellation, so nobody gets a mail."


def test_whoever_calls_off_or_restores_reads_how_many_will_be_told_and_when(publisher, page, time):
    cancelled, back = "The event is cancelled. ", "The event takes place after all. "
    in_time = "Restored before that, nobody hears of it."
    assert acted(publisher, page, "call_off") == f"{cancelled}2 people will be told in 2 minutes. {in_time}"
    time.shift(61)
    assert acted(publisher, page, "call_off") == f"{cancelled}2 people will be told in 1 minute. {in_time}"
    assert acted(publisher, page, "restore") == f"{back}{UNHEARD}"
    cancel(registration_id=Registration.objects.get(name="Bo").pk)
    assert acted(publisher, page, "call_off") == f"{cancelled}1 person will be told in 2 minutes. {in_time}"
    later(time)
    assert acted(publisher, page, "call_off") == f"{cancelled}{NOBODY}"
    assert acted(publisher, page, "restore") == f"{back}1 person will be told in 2 minutes."
    assert acted(publisher, page, "call_off") == f"{cancelled}{NOBODY}"
    cancel(registration_id=Registration.objects.get(name="Ana").pk)
    assert acted(publisher, page, "restore") == f"{back}{UNHEARD}"


def test_calling_off_promises_a_mail_to_nobody_who_knows_or_is_not_registered(publisher, page, time):
    address = url("call_off", page.pk)
    cancel(registration_id=Registration.objects.get(name="Bo").pk)
    assert "a mail will go to 1 person with a seat, and the event will leave" in body(publisher.get(address))
    publisher.post(address, {"reason": "x"})
    later(time)
    publisher.post(url("restore", page.pk), {"reason": "x"})
    shown = body(publisher.get(address))
    assert (NOBODY in shown, "a mail will go to" in shown, "0 people would get this." in shown) == (True, False, True)


def test_who_would_be_told_is_who_is_told(page, time):
    event, staff = Event.objects.get(), accounts.PersonFactory()
    assert told(News(event, "cancelled")) == ["Ana", "Bo"]
    cancel_event(event_id=event.pk, by=staff, reason="x")
    event.refresh_from_db()
    time.shift(WINDOW)
    assert (announce_changes(), told(News(event, "cancelled"))) == (2, [])
    all_leave()
    cancel(registration_id=Registration.objects.get(name="Ana").pk)
    assert told(News(event, "scheduled")) == ["Bo"]
    restore_event(event_id=event.pk, by=staff, reason="x")
    time.shift(WINDOW)
    assert announce_changes() == 1


def test_nobody_is_counted_once_the_event_is_over(page, time):
    event = Event.objects.get()
    time.move_to(event.ends_at)
    assert [told(News(event, status)) for status in ("cancelled", "scheduled")] == [[], []]


def test_a_new_date_is_rehearsed_with_what_people_know_and_what_is_so(publisher, page, time):
    move(page, days=1)
    time.shift(30)
    shown = body(publisher.get(url("news", page.pk)))
    assert ("2 people would get this." in shown, "2026-11-01 09:02 UTC" in shown) == (True, True)
    words = sample(publisher, page, "scheduled")
    assert ["Saturday, 12 December 2026" in words, "Sunday, 13 December 2026" in words] == [True, True]
    make.registered(Event.objects.get(), "Cy")
    assert told(News(Event.objects.get(), "scheduled")) == ["Ana", "Bo"]
    move(page, days=-1)
    assert told(News(Event.objects.get(), "scheduled")) == ["Cy"]
    assert "1 person would get this." in body(publisher.get(url("news", page.pk)))


def test_a_stopped_address_is_counted_as_stopped(publisher, page):
    suppress(address="bo@example.org", reason="bounced")
    assert "1 of these addresses is on the suppression list and gets nothing." in body(
        publisher.get(url("call_off", page.pk))
    )


@pytest.mark.parametrize("number", [1, 3])
def test_the_rehearsal_costs_the_same_for_one_and_for_three(event, django_assert_num_queries, number):
    for step in range(number):
        make.registered(event, f"Guest {step}")
    event = Event.objects.get()
    rehearsal.rehearse(News(event, "cancelled"))
    with django_assert_num_queries(8):
        assert rehearsal.rehearse(News(event, "cancelled")).total == number


def published(client: Client, page: WebinarPage, **by: int) -> list[str]:
    """Publish a page in the editor, its date moved; return what the editor reads."""
    start = page.starts_at.astimezone(Event.objects.get().zone) + timedelta(**by)
    end = start + timedelta(minutes=90)
    dates = {"starts_at": f"{start:%Y-%m-%d %H:%M}", "ends_at": f"{end:%Y-%m-%d %H:%M}"}
    data = {**typed(slug=page.slug, capacity="", registration_closes_at="", **dates), "action-publish": "yes"}
    answer = client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), data, follow=True)
    return [" ".join(str(one).split()) for one in answer.context["messages"]]


def test_whoever_publishes_a_new_date_reads_how_many_are_told_and_where_to_see_it(publisher, page, time):
    said = [one for one in published(publisher, page, days=1) if "of the change" in one]
    assert len(said) == 1
    assert said[0].startswith("2 people will be told of the change in 2 minutes.")
    assert f'href="{url("news", page.pk)}"' in said[0]
    later(time)
    assert [one for one in published(publisher, page, days=1) if "of the change" in one] == []


def test_once_everybody_was_told_it_says_when(publisher, page, time):
    address, unsaid = url("news", page.pk), "0 people would get this."
    assert unsaid in body(publisher.get(address))
    time.shift(1)
    move(page, days=1)
    make.registered(Event.objects.get(), "Cy")
    assert "Everybody was told" not in body(publisher.get(address))
    later(time)
    time.shift(3600)
    shown = body(publisher.get(address))
    assert (
        "Everybody was told of the latest date, time and venue at 2026-11-01 09:02 UTC." in shown,
        unsaid in shown,
    ) == (True, False)


def test_nobody_is_said_to_have_been_told_of_what_was_taken_back(publisher, page, time):
    time.shift(1)
    move(page, days=1)
    move(page, days=-1)
    later(time)
    make.registered(Event.objects.get(), "Cy")
    shown = body(publisher.get(url("news", page.pk)))
    assert ("0 people would get this." in shown, "Everybody was told" in shown) == (True, False)


TAKEN_BACK = (
    "The change is taken back: date, time and venue are again as people know them, and nobody gets a mail about it."
)


def test_whoever_takes_a_new_date_back_in_time_reads_that_nobody_is_told(publisher, page, time):
    published(publisher, page, days=1)
    said = [one for one in published(publisher, page) if "of the change" in one or "The change" in one]
    assert said == [TAKEN_BACK]
    shown = body(publisher.get(url("news", page.pk)))
    assert (TAKEN_BACK in shown, "would get this." in shown) == (True, False)
    later(time)
    assert (everybody_told(), TAKEN_BACK in body(publisher.get(url("news", page.pk)))) == ([], False)
    assert [one for one in published(publisher, page) if "The change" in one] == []


def test_a_status_that_was_taken_back_is_not_said_to_be_a_date(publisher, page, time):
    def then_back(first: str, second: str) -> str:
        for name in (first, second):
            time.shift(1)
            publisher.post(url(name, page.pk), {"reason": "x"})
        shown = body(publisher.get(url("news", page.pk)))
        assert (TAKEN_BACK in shown, "would get this." in shown) == (False, False)
        return shown

    assert "The event takes place again, as people know it, and nobody gets a mail" in then_back("call_off", "restore")
    later(time)
    publisher.post(url("call_off", page.pk), {"reason": "x"})
    later(time)
    assert "The event is cancelled again, as people know it, and nobody gets a mail" in then_back("restore", "call_off")
    # Where the date was another in between, that is what is taken back.
    publisher.post(url("restore", page.pk), {"reason": "x"})
    later(time)
    publisher.post(url("call_off", page.pk), {"reason": "x"})
    move(page, days=1)
    move(page, days=-1)
    publisher.post(url("restore", page.pk), {"reason": "x"})
    assert TAKEN_BACK in body(publisher.get(url("news", page.pk)))


@pytest.mark.parametrize("wrong", [-3600, 0, 3600])
def test_only_the_publication_that_takes_a_new_date_back_says_so(publisher, page, time, monkeypatch, wrong):
    monkeypatch.setattr(clock, "now", lambda: clock.of_machine() + timedelta(seconds=wrong))
    published(publisher, page, days=1)
    time.shift(30)
    assert [one for one in published(publisher, page) if "The change" in one] == [TAKEN_BACK]
    time.shift(30)
    assert [one for one in published(publisher, page) if "The change" in one] == []
    assert TAKEN_BACK in body(publisher.get(url("news", page.pk)))


def test_whoever_registered_meanwhile_is_told_that_a_new_date_is_taken_back(publisher, page):
    published(publisher, page, days=1)
    make.registered(Event.objects.get(), "Cy")
    said = [one for one in published(publisher, page) if "of the change" in one or "The change" in one]
    assert [one.partition(".")[0] for one in said] == ["1 person will be told of the change in 2 minutes"]
    assert TAKEN_BACK not in body(publisher.get(url("news", page.pk)))


def test_another_new_date_takes_nothing_back(publisher, page, time):
    published(publisher, page, days=1)
    later(time)
    said = [one for one in published(publisher, page) if "of the change" in one or "The change" in one]
    assert [one.partition(".")[0] for one in said] == ["2 people will be told of the change in 2 minutes"]
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    later(time)
    assert [one for one in published(publisher, page, days=3) if "of the change" in one or "The change" in one] == []


def test_whoever_publishes_nothing_new_or_for_nobody_reads_nothing_of_it(publisher, page):
    assert [one for one in published(publisher, page) if "of the change" in one] == []
    for one in Registration.objects.all():
        cancel(registration_id=one.pk)
    assert [one for one in published(publisher, page, days=1) if "of the change" in one] == []
    assert EventVersion.objects.untold().count() == 1
    assert [one for one in published(publisher, page) if "The change" in one] == []
    assert EventVersion.objects.untold().count() == 2


OVER = (
    "This date is over, so nobody is told. 2 people hold the old one. Publish a date to come, and they are told of it; "
    "only then can the event be cancelled."
)


def test_whoever_publishes_a_date_in_the_past_is_warned_until_a_coming_one_tells_everybody(publisher, page, time):
    said = [one for one in published(publisher, page, days=-60) if "This date is over" in one]
    assert (len(said), said[0].startswith(OVER), f'href="{url("news", page.pk)}"' in said[0]) == (1, True, True)
    later(time)
    assert Message.objects.filter(kind="event-moved").count() == 0
    shown = body(publisher.get(url("news", page.pk)))
    assert (OVER in shown, "would get this." in shown) == (True, False)
    cancel_it = publisher.post(url("call_off", page.pk), {"reason": "x"})
    assert str(EventOver.of_event) in body(cancel_it)
    assert f"{url('call_off', page.pk)}" not in body(publisher.get(reverse("wagtailadmin_pages:edit", args=[page.pk])))
    again = [one for one in published(publisher, page, days=7) if "is over" in one or "of the change" in one]
    assert (len(again), again[0].startswith("2 people will be told of the change in 2 minutes.")) == (1, True)
    assert "2 people would get this." in body(publisher.get(url("news", page.pk)))
    later(time)
    assert everybody_told() == [("moved", "ana"), ("moved", "bo")]
    assert OVER not in body(publisher.get(url("news", page.pk)))


def test_one_person_with_a_date_to_come_is_spoken_of_as_one(publisher, page):
    cancel(registration_id=Registration.objects.get(name="Ana").pk)
    move(page, days=-60)
    assert (
        "This date is over, so nobody is told. 1 person holds the old one. Publish a date to come, and that person is "
        "told of it; only then can the event be cancelled."
    ) in body(publisher.get(url("news", page.pk)))


def test_an_event_that_has_taken_place_warns_of_nothing_when_its_end_is_put_right(page, time):
    time.move_to(page.ends_at + timedelta(hours=1))
    move(page, minutes=-10)
    event = Event.objects.get()
    assert (event.revision, left_behind(News(event, event.status))) == (1, "")


def test_who_knows_that_the_event_is_called_off_holds_no_date_to_come(page, time):
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")
    later(time)
    make.registered(restore_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x"), "Cy")
    move(page, days=-60)
    event = Event.objects.get()
    assert list(News(event, event.status).left_behind().values_list("name", flat=True)) == ["Cy"]


@pytest.mark.parametrize("name", ["news", "news_sample"])
def test_staff_who_may_not_publish_and_visitors_read_no_rehearsal(client, page, name):
    address = url(name, page.pk, *(["cancelled", "en"] if name == "news_sample" else []))
    assert client.get(address).status_code == 302
    person = accounts.PersonFactory(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="access_admin"))
    accounts.sign_in(client, person)
    answer = client.get(address)
    assert (answer.status_code, b"Bogota" in answer.content) == (302, False)


def test_a_sample_of_no_known_status_or_language_is_not_found(publisher, page):
    for given in (("postponed", "en"), ("cancelled", "xx")):
        assert publisher.get(url("news_sample", page.pk, *given)).status_code == 404
