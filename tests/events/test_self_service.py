"""The signed page of a registered person, and attacks on it."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.urls import reverse

from events import tokens
from events.models import Event, Registration
from events.services import cancel, renew_links
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


AGAIN = "You have registered again: the link is in your newest mail about this event."


def own(registration: Registration, name: str = "event_registration") -> str:
    return reverse(name, args=[registration.token])


def test_it_shows_state_and_both_times_in_the_persons_language(client):
    event = make.event(capacity=1, starts_at=make.in_days(30))
    seat = make.registered(event, "Ana", language="fr")
    place = make.registered(event, "Bo")
    page = client.get(own(seat), headers={"accept-language": "ar"})
    html = page.content.decode()
    assert (page.status_code, '<html lang="fr"' in html) == (200, True)
    begins = event.starts_at
    assert html.count(f"{begins.astimezone(event.zone):%H:%M}") >= 1
    assert f"{begins - timedelta(hours=5):%H:%M}" in html
    assert "You are number 1 on the waiting list." in client.get(own(place)).content.decode()


def test_whoever_has_registered_again_is_led_to_the_newest_mail(client):
    event = make.event()
    registration = make.registered(event, "Ana")
    cancel(registration_id=registration.pk)
    make.registered(event, "Bo")
    assert (AGAIN in client.get(own(registration)).content.decode()) is False
    newer = make.registered(event, "Ana")
    html = client.get(own(registration)).content.decode()
    assert ("This registration is cancelled." in html, AGAIN in html, "Register again" in html) == (True, True, False)
    # The old link does not open the new registration.
    assert (newer.token in html, newer.join_token in html) == (False, False)
    cancel(registration_id=newer.pk)
    html = client.get(own(registration)).content.decode()
    assert (AGAIN in html, "Register again" in html) == (False, True)


def test_looking_at_it_changes_nothing(client):
    registration = make.registered(make.event())
    for name in ("event_registration", "event_registration_cancel", "event_registration_calendar"):
        for method in (client.get, client.head):
            assert method(own(registration, name)).status_code == 200
    before = Registration.objects.values().get(pk=registration.pk)
    assert (before["state"], before["revision"], registration.changes.count()) == ("confirmed", 0, 1)


@pytest.mark.parametrize("name", ["event_registration", "event_registration_cancel", "event_registration_calendar"])
def test_it_is_kept_by_nobody_and_told_to_nobody(client, name):
    answer = client.get(own(make.registered(make.event()), name))
    assert {header: answer[header] for header in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")} == {
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "same-origin",
        "X-Robots-Tag": "noindex",
    }


def test_language_and_zone_are_changed_by_post(client):
    registration = make.registered(make.event())
    answer = client.post(own(registration), {"language": "ar", "timezone": "Asia/Kathmandu"})
    assert (answer.status_code, answer["Location"]) == (303, own(registration) + "?saved")
    registration.refresh_from_db()
    assert (registration.language, registration.timezone) == ("ar", "Asia/Kathmandu")
    assert 'dir="rtl"' in client.get(own(registration)).content.decode()
    assert [step.what for step in registration.changes.all()] == ["confirmed", "preferences"]


LANGUAGE, ZONE = "Choose a language from the list.", "Choose a time zone from the list."
KEPT = {"language": "ar", "timezone": "Asia/Kathmandu"}


@pytest.mark.parametrize(
    ("bad", "sentences"),
    [
        ({"language": "", "timezone": ""}, {"language": LANGUAGE, "timezone": ZONE}),
        ({"language": "xx"}, {"language": LANGUAGE}),
        ({"timezone": "Mars"}, {"timezone": ZONE}),
        ({"language": "xx", "timezone": "Mars"}, {"language": LANGUAGE, "timezone": ZONE}),
        ({"language": "ar\x00"}, {"language": LANGUAGE}),
        ({"language": "\u202ear"}, {"language": LANGUAGE}),
        ({"timezone": "Asia/Kathmandu\x00"}, {"timezone": ZONE}),
        ({"timezone": "Asia/Kathmandu\r\nBcc: x@example.org"}, {"timezone": ZONE}),
        ({"timezone": "\u202eudnamhtaK/aisA"}, {"timezone": ZONE}),
        ({"timezone": "Asia/\u2066Kathmandu\u2069"}, {"timezone": ZONE}),
        ({"timezone": "../../etc/passwd"}, {"timezone": ZONE}),
        ({"timezone": "<script>alert(1)</script>"}, {"timezone": ZONE}),
        ({"timezone": "x" * 5000}, {"timezone": ZONE}),
    ],
)
def test_bad_preferences_are_refused_with_a_sentence(client, bad, sentences):
    registration = make.registered(make.event())
    before = Registration.objects.values().get(pk=registration.pk)
    answer = client.post(own(registration), {**KEPT, **bad})
    assert (answer.status_code, answer.context["form"].errors) == (
        422,
        {field: [sentence] for field, sentence in sentences.items()},
    )
    html = answer.content.decode()
    assert [sentence in html for sentence in (LANGUAGE, ZONE)] == [name in sentences for name in KEPT]
    assert [f'value="{value}" selected' in html for value in KEPT.values()] == [name not in sentences for name in KEPT]
    assert [trick in html for trick in ("<script>alert", "\u202e", "\x00", "Bcc:")] == [False] * 4
    assert (Registration.objects.values().get(pk=registration.pk), registration.changes.count()) == (before, 1)


def test_preferences_that_are_not_sent_are_asked_for(client):
    registration = make.registered(make.event())
    answer = client.post(own(registration), {})
    assert (answer.status_code, answer.context["form"].errors) == (422, {"language": [LANGUAGE], "timezone": [ZONE]})
    assert registration.changes.count() == 1


def test_a_page_left_open_changes_only_what_was_changed_on_it(client):
    registration = make.registered(make.event(), "Ana", language="en", timezone="Europe/Oslo")
    shown = {"initial-language": "en", "initial-timezone": "Europe/Oslo"}
    html = client.get(own(registration)).content.decode()
    assert all(f'name="{name}" value="{value}"' in html for name, value in shown.items())
    client.post(own(registration), {**shown, "language": "ar", "timezone": "Europe/Oslo"})
    client.post(own(registration), {**shown, "language": "en", "timezone": "Asia/Kathmandu"})
    registration.refresh_from_db()
    assert (registration.language, registration.timezone) == ("ar", "Asia/Kathmandu")


def test_cancelling_says_what_it_means_and_needs_a_post(client):
    event = make.event(capacity=1)
    first, second = make.registered(event, "Ana"), make.registered(event, "Bo")
    url = own(first, "event_registration_cancel")
    assert "Your seat goes to the next person at once." in client.get(url).content.decode()
    answer = client.post(url)
    assert (answer.status_code, answer["Location"]) == (303, own(first))
    second.refresh_from_db()
    assert second.state == "confirmed"
    after = client.get(own(first)).content.decode()
    assert ("This registration is cancelled." in after, "Register again" in after) == (True, True)
    assert client.post(url).status_code == 303


@pytest.mark.parametrize("name", ["Ana", "Bo"])
@pytest.mark.parametrize("change", ["called off", "begun"])
def test_cancelling_promises_nothing_that_will_not_be(client, name, change):
    event = make.event(capacity=1)
    people = {one: make.registered(event, one) for one in ("Ana", "Bo")}
    url = own(people[name], "event_registration_cancel")
    if change == "called off":
        Event.objects.update(status="cancelled")
        said = "This event has been cancelled. If it takes place after all, you are not registered for it any more."
        html = client.get(url).content.decode()
    else:
        said = "This event has begun, so you cannot register again."
        with time_machine.travel(event.starts_at, tick=False):
            html = client.get(url).content.decode()
    assert [sentence in html for sentence in (said, "You can register again", "to the next person")] == [
        True,
        False,
        False,
    ]


def test_an_event_that_is_over_is_not_cancelled(client):
    registration = make.registered(make.event())
    with time_machine.travel(registration.event.ends_at + timedelta(minutes=1)):
        for ask in (client.get, client.post):
            answer = ask(own(registration, "event_registration_cancel"))
            html = answer.content.decode()
            assert (answer.status_code, "This event is over" in html, "Your seat goes" in html) == (410, True, False)
    registration.refresh_from_db()
    assert registration.state == "confirmed"


def test_a_forged_token_finds_nothing(client):
    registration = make.registered(make.event())
    good = registration.token
    packed, signature = good.split("~")
    forged = [
        packed,
        f"{packed}~",
        f"{packed}~{'A' * len(signature)}",
        f"{packed[:-1]}1~{signature}",
        tokens.make(registration.uuid, 99),
        signing.Signer(salt="another").sign(packed).replace(":", "~"),
        signing.Signer(key="guess" * 10, salt=tokens.SALT, sep="~").sign(packed),
        signing.Signer(salt=tokens.SALT, sep="~").sign("not-base64.0"),
        signing.Signer(salt=tokens.SALT, sep="~").sign("AAAA.0"),
        "~",
        "x" * 3000,
        "%00",
    ]
    answers = [client.get(reverse("event_registration", args=[token])) for token in forged]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert {client.post(reverse("event_registration_cancel", args=[token])).status_code for token in forged} == {404}
    assert Registration.objects.get().state == "confirmed"


def test_a_token_for_somebody_who_never_was_looks_like_a_forged_one(client):
    registration = make.registered(make.event())
    token = registration.token
    renew_links(registration_id=registration.pk, version=0)
    replaced = client.get(reverse("event_registration", args=[token]))
    forged = client.get(reverse("event_registration", args=["forged"]))
    assert (replaced.status_code, replaced.content) == (forged.status_code, forged.content)


def test_a_link_expires_sixty_days_after_the_event(client):
    registration = make.registered(make.event())
    with time_machine.travel(registration.event.ends_at + timedelta(days=60), tick=False) as traveller:
        assert client.get(own(registration)).status_code == 200
        traveller.shift(1)
        assert client.get(own(registration)).status_code == 410
        assert client.post(own(registration, "event_registration_cancel")).status_code == 410


def test_another_persons_token_shows_only_that_person(client):
    event = make.event()
    ana, bo = make.registered(event, "Ana"), make.registered(event, "Bo")
    html = client.get(own(ana)).content.decode()
    assert ("Ana" in html, "Bo<" in html, bo.token in html) == (True, False, False)


def test_the_page_does_not_show_the_mail_address(client):
    registration = make.registered(make.event())
    assert registration.email not in client.get(own(registration)).content.decode()


def test_a_name_with_markup_is_shown_as_text(client):
    registration = make.registered(make.event(), "<img src=x onerror=alert(1)>", email="x@example.org")
    html = client.get(own(registration)).content.decode()
    assert ("<img src=x" in html, "&lt;img src=x" in html) == (False, True)


def test_cancelling_without_a_form_token_is_refused():
    registration = make.registered(make.event())
    answer = Client(enforce_csrf_checks=True).post(own(registration, "event_registration_cancel"))
    registration.refresh_from_db()
    assert (answer.status_code, registration.state) == (403, "confirmed")


def test_the_page_costs_the_same_however_many_wait(client, django_assert_num_queries):
    for people in (1, 3):
        event = make.event(capacity=1)
        last = [make.registered(event, f"Guest {number}") for number in range(people + 1)][-1]
        client.get(own(last))
        with django_assert_num_queries(2):
            client.get(own(last))


@pytest.mark.parametrize(
    ("slug", "header"),
    [
        ("budget", 'attachment; filename="budget.ics"'),
        ("ميزانية", "attachment; filename*=utf-8''%D9%85%D9%8A%D8%B2%D8%A7%D9%86%D9%8A%D8%A9.ics"),
    ],
)
def test_the_calendar_file_is_named_after_the_event_in_any_script(client, slug, header):
    registration = make.registered(make.event(slug=slug))
    for name, token in (
        ("event_registration_calendar", registration.token),
        ("event_join_calendar", registration.join_token),
    ):
        answer = client.get(reverse(name, args=[token]))
        assert answer["Content-Disposition"] == header
        assert answer["Content-Type"] == "text/calendar; method=PUBLISH; charset=utf-8"


def test_a_cancelled_event_says_so(client):
    registration = make.registered(make.event())
    Event.objects.update(status="cancelled")
    assert "This event has been cancelled." in client.get(own(registration)).content.decode()


def test_cancelled_registrations_leave_the_persons_list():
    registration = make.registered(make.event())
    cancel(registration_id=registration.pk)
    assert list(Registration.objects.all().for_display()) == []
