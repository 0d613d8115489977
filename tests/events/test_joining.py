"""The join page: what it says before, during and after, who is counted, and attacks on it."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.urls import reverse

from core.views import signed
from events import calendars, tokens
from events.errors import NotJoinable
from events.models import Attendance, Event, JoinLink, Registration
from events.services import cancel, cancel_event, join, renew_links, restore_event, set_join_link
from events.views import joining
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]
LINK = "https://meet.example/room?pwd=secret"


@pytest.fixture
def event() -> Event:
    """An event of tomorrow noon UTC that has a meeting link."""
    made = make.event(starts_at=make.in_days(1), capacity=2)
    set_join_link(translation_key=made.translation_key, url=LINK)
    return made


def address(registration: Registration, name: str = "event_join") -> str:
    return reverse(name, args=[registration.join_token])


def at(event: Event, **before: int):
    return time_machine.travel(event.starts_at - timedelta(**before), tick=False)


def html(answer) -> str:
    return answer.content.decode()


def test_it_greets_by_first_name_and_initial_with_a_button(client, event):
    registration = make.registered(event, "Ana María Silva Castro", email="ana@example.org")
    with at(event, minutes=15):
        page = client.get(address(registration))
    assert (page.status_code, "<bdi>Ana C.</bdi>, welcome." in html(page), "Join now" in html(page)) == (
        200,
        True,
        True,
    )
    assert ("Silva" in html(page), registration.email in html(page), LINK in html(page)) == (False, False, False)


@pytest.mark.parametrize(
    ("name", "guarded"),
    [
        ("Ana", "Ana"),
        ("  Ana   Silva ", "Ana S."),
        ("آنا سيلفا", "آنا س."),
        ("كريم الوزاني", "كريم و."),
        ("كريم ال", "كريم ا."),
        ("李 明", "李 明."),
        ("x" * 99, "x" * 40),
    ],
)
def test_a_guarded_name_is_little_but_enough(name, guarded):
    assert Registration(name=name).guarded_name == guarded


def test_the_button_leads_into_the_meeting_and_counts(client, event):
    registration = make.registered(event)
    with at(event, minutes=15) as traveller:
        answer = client.post(address(registration))
        assert (answer.status_code, answer["Location"]) == (303, LINK)
        traveller.shift(600)
        client.post(address(registration))
    (seen,) = Attendance.objects.all()
    assert {
        name: getattr(seen, name) for name in ("registration", "event", "source", "first_seen_at", "last_seen_at")
    } == {
        "registration": registration,
        "event": event,
        "source": "join",
        "first_seen_at": event.starts_at - timedelta(minutes=15),
        "last_seen_at": event.starts_at - timedelta(minutes=5),
    }


def test_a_mail_scanner_that_opens_the_link_counts_nobody(client, event):
    registration = make.registered(event)
    with at(event):
        for method in (client.get, client.head, client.options):
            method(address(registration))
            method(address(registration, "event_join_calendar"))
    assert Attendance.objects.count() == 0


def test_before_the_doors_open_it_says_when_in_the_persons_zone(client, event):
    registration = make.registered(event)
    with at(event, minutes=15, seconds=1):
        page, answer = client.get(address(registration)), client.post(address(registration))
    opens = event.starts_at - timedelta(hours=5, minutes=15)
    assert f"You can join from {opens:%H:%M} on {opens:%A}, " in html(page)
    assert "Bogota time" in html(page)
    assert address(registration, "event_join_calendar") in html(page)
    assert (answer.status_code, "Location" in answer, LINK in html(answer)) == (409, False, False)
    assert (
        page.status_code,
        Attendance.objects.count(),
        "<button" in html(page).split("<main")[1].split("</main")[0],
    ) == (200, 0, False)


def test_it_counts_to_the_end_and_no_longer(client, event):
    registration = make.registered(event)
    with time_machine.travel(event.ends_at - timedelta(seconds=1), tick=False) as traveller:
        assert client.post(address(registration)).status_code == 303
        traveller.shift(1)
        answer = client.post(address(registration))
        assert (answer.status_code, "This event is over." in html(answer)) == (410, True)
        assert "This event is over." in html(client.get(address(registration)))
    assert Attendance.objects.get().last_seen_at == event.ends_at - timedelta(seconds=1)


def test_who_waits_or_has_cancelled_is_told_so_and_not_let_in(client, event):
    people = [make.registered(event, name) for name in ("Ana", "Bo", "Cy", "Di")]
    cancel(registration_id=people[0].pk)
    with at(event, seconds=1):
        gone, waiting = (client.get(address(people[number])) for number in (0, 3))
        refused = [client.post(address(people[number])).status_code for number in (0, 3)]
    assert "This registration is cancelled." in html(gone)
    assert "You are number 1 on the waiting list." in html(waiting)
    assert (refused, Attendance.objects.count()) == ([410, 409], 0)


PROMISE = "When a seat becomes free, the first in line gets it and a mail."


def test_nobody_who_waits_is_promised_a_seat_once_the_event_has_begun(client, event):
    waiting = [make.registered(event, name) for name in ("Ana", "Bo", "Cy")][2]
    for moment, promised in ((event.starts_at - timedelta(seconds=1), True), (event.starts_at, False)):
        with time_machine.travel(moment, tick=False):
            join_page = html(client.get(address(waiting)))
            own = html(client.get(reverse("event_registration", args=[waiting.token])))
        assert (PROMISE in join_page, "nobody moves up once the event has begun" in join_page) == (
            promised,
            not promised,
        )
        for page in (join_page, own):
            assert ("You are number 1 on the waiting list." in page, "No seat became free." in page) == (
                promised,
                not promised,
            )


def test_only_who_can_register_again_is_invited_to(client, event):
    registration = make.registered(event)
    cancel(registration_id=registration.pk)
    moments = [event.starts_at - timedelta(seconds=1), event.starts_at, event.ends_at]
    said = []
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            join_page = html(client.get(address(registration)))
            own = html(client.get(reverse("event_registration", args=[registration.token])))
            can = client.get(reverse("event_register", args=[event.slug])).status_code == 200
        words = ("This registration is cancelled.", "This event is over.", "Register again")
        said.append((can, [word in join_page for word in words], "Register again" in own))
    assert said == [
        (True, [True, False, True], True),
        (False, [True, False, False], False),
        (False, [False, True, False], False),
    ]


def test_a_cancelled_event_lets_nobody_in_until_it_is_restored(client, event):
    registration, staff = make.registered(event), PersonFactory()
    cancel_event(event_id=event.pk, by=staff, reason="x")
    with at(event):
        assert "This event has been cancelled." in html(client.get(address(registration)))
        assert client.post(address(registration)).status_code == 410
        restore_event(event_id=event.pk, by=staff, reason="x")
        assert client.post(address(registration)).status_code == 303


def test_without_a_meeting_link_it_asks_for_patience_and_counts_nobody(client, event):
    registration = make.registered(event)
    JoinLink.objects.all().delete()
    with at(event):
        assert "The hosts have not opened the meeting yet." in html(client.get(address(registration)))
        assert client.post(address(registration)).status_code == 409
    assert Attendance.objects.count() == 0


def test_a_new_meeting_link_is_used_at_once(client, event):
    registration = make.registered(event)
    set_join_link(translation_key=event.translation_key, url="https://other.example/")
    with at(event):
        assert client.post(address(registration))["Location"] == "https://other.example/"


def test_the_service_counts_nobody_whose_seat_has_gone_meanwhile(event):
    registration = make.registered(event)
    with at(event):
        cancel(registration_id=registration.pk)
        with pytest.raises(NotJoinable):
            join(registration_id=registration.pk)
    assert Attendance.objects.count() == 0


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_it_speaks_the_persons_language(client, event, language):
    registration = make.registered(event, language=language)
    with at(event):
        page = client.get(address(registration), headers={"accept-language": "en"})
    direction = "rtl" if language == "ar" else "ltr"
    assert (f'<html lang="{language}" dir="{direction}"' in html(page), page["Content-Language"]) == (True, language)


@pytest.mark.parametrize("name", ["event_join", "event_join_calendar"])
def test_it_is_kept_by_nobody_and_told_to_nobody(client, event, name):
    answer = client.get(address(make.registered(event), name))
    assert {header: answer[header] for header in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")} == {
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "same-origin",
        "X-Robots-Tag": "noindex",
    }


def test_no_script_is_needed_and_the_policy_lets_the_form_lead_to_the_meeting(client, event):
    registration = make.registered(event)
    with at(event):
        open_page = client.get(address(registration))
    early = client.get(address(registration))
    policies = [answer["Content-Security-Policy"] for answer in (open_page, early)]
    assert ["form-action 'self' https:" in policy for policy in policies] == [True, False]
    assert ["meet.example" in policy for policy in policies] == [False, False]
    assert '<form method="post"' in html(open_page)


def test_a_forged_join_token_finds_nothing(client, event):
    registration = make.registered(event)
    packed, signature = registration.join_token.split("~")
    forged = [
        packed,
        f"{packed}~{'A' * len(signature)}",
        f"{packed[:-1]}1~{signature}",
        tokens.make(registration.uuid, 1, salt=tokens.JOIN),
        registration.token,
        signing.Signer(key="guess" * 10, salt=tokens.JOIN, sep="~").sign(packed),
        "x" * 3000,
    ]
    with at(event):
        answers = [client.post(reverse("event_join", args=[token])) for token in forged]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert Attendance.objects.count() == 0


def test_a_join_link_passed_on_opens_no_self_service(client, event):
    registration = make.registered(event)
    for name in ("event_registration", "event_registration_cancel", "event_registration_calendar"):
        assert client.post(reverse(name, args=[registration.join_token])).status_code in {404, 405}
        assert client.get(reverse(name, args=[registration.join_token])).status_code == 404
    for page in (client.get(address(registration)), client.get(address(registration, "event_join_calendar"))):
        assert registration.token.encode() not in page.content.replace(b"\r\n ", b"")
    registration.refresh_from_db()
    assert registration.state == "confirmed"


def test_a_revoked_link_opens_nothing(client, event):
    registration = make.registered(event)
    renew_links(registration_id=registration.pk, version=0)
    with at(event):
        assert client.post(address(registration)).status_code == 404
    assert Attendance.objects.count() == 0


def test_another_sites_form_joins_nobody(event):
    registration = make.registered(event)
    with at(event):
        answer = Client(enforce_csrf_checks=True).post(address(registration))
    assert (answer.status_code, Attendance.objects.count()) == (403, 0)


def test_pressing_the_button_all_day_is_slowed_down(client, event, monkeypatch):
    monkeypatch.setattr(joining, "PER_PERSON", joining.limits.Limit("join-test", 2, 3600))
    registration = make.registered(event)
    with at(event):
        answers = [client.post(address(registration)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert ("That was too often." in html(answers[2]), answers[2]["Retry-After"]) == (True, "3600")


def test_guessing_tokens_is_slowed_down_and_real_ones_still_open(client, event, monkeypatch):
    monkeypatch.setattr(signed, "GUESSES", signed.limits.Limit("guesses-test", 2, 3600))
    registration = make.registered(event)
    answers = [client.get(reverse("event_join", args=[f"guess{number}"])) for number in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert client.get(address(registration)).status_code == 200


def test_a_name_with_markup_is_shown_as_text(client, event):
    registration = make.registered(event, "<b>Ana</b> <script>", email="x@example.org")
    with at(event):
        page = html(client.get(address(registration)))
    assert ("<b>Ana" in page, "&lt;b&gt;Ana&lt;/b&gt; &lt;." in page) == (False, True)


def test_no_join_address_or_meeting_link_stands_in_anything_public(client, event):
    make.registered(event)
    page = make.WebinarPage.objects.get()
    for url in (
        page.get_url(),
        "/en/events/",
        "/en/events/calendar.ics",
        "/sitemap.xml",
        f"/en/events/{event.slug}/register/",
    ):
        answer = client.get(url)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert (answer.status_code, b"/join/" in content, b"meet.example" in content) == (200, False, False), url
    assert b"meet.example" not in calendars.invitation(Registration.objects.get())


def test_the_own_page_leads_there_for_who_has_a_seat(client, event):
    people = [make.registered(event, name) for name in ("Ana", "Bo", "Cy")]
    pages = [html(client.get(reverse("event_registration", args=[one.token]))) for one in people]
    assert [address(one) in page for one, page in zip(people, pages, strict=True)] == [True, True, False]


@pytest.mark.parametrize("number", [1, 3])
def test_joining_costs_the_same_however_many_come(client, event, django_assert_num_queries, number):
    Event.objects.update(capacity=None)
    people = [make.registered(event, f"Guest {step}") for step in range(number)]
    with at(event):
        client.get(address(people[-1]))
        with django_assert_num_queries(3):
            client.get(address(people[-1]))
        with django_assert_num_queries(7):
            client.post(address(people[-1]))
