"""The registration form over HTTP: what it shows, takes, refuses, and never tells."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils.html import escape

from core import clock, limits
from events.enums import EventStatus
from events.models import Event, Registration
from events.views import registering
from home import navigation
from mail.models import Message
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


def address(event: Event, language: str = "en") -> str:
    return f"/{language}/events/{event.slug}/register/"


def test_a_guest_registers_with_six_answers(client):
    event = make.event(capacity=5)
    page = client.get(address(event))
    assert page.status_code == 200
    answer = client.post(address(event), make.form_data())
    assert (answer.status_code, answer["Location"]) == (303, f"/en/events/{event.slug}/register/done/")
    registration = Registration.objects.get()
    assert {
        name: getattr(registration, name)
        for name in ("name", "email", "country", "organisation", "language", "timezone", "state", "person_id")
    } == {
        "name": "Ana Silva",
        "email": "ana.silva@example.org",
        "country": "CO",
        "organisation": "City of Bogotá",
        "language": "en",
        "timezone": "America/Bogota",
        "state": "confirmed",
        "person_id": None,
    }
    assert registration.organisation_type.slug == "local-authority"
    done = client.get(answer["Location"])
    assert (done.status_code, "Check your mail" in done.content.decode()) == (200, True)


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_the_form_works_in_every_language_whatever_is_translated(client, language):
    event = make.event()
    page = client.get(address(event, language))
    html = page.content.decode()
    assert page.status_code == 200
    assert f'<html lang="{language}"' in html
    assert ('lang="en" dir="ltr"' in html.split("<h1", 1)[1][:60]) is (language != "en")
    answer = client.post(address(event, language), make.form_data(language=language))
    assert answer["Location"] == f"/{language}/events/{event.slug}/register/done/"
    assert Message.objects.get().language == language


def test_who_is_known_already_cannot_be_told_from_the_answer():
    event = make.event(capacity=5)
    make.registered(event, "Ana Silva")
    answers = []
    for email in ("ana.silva@example.org", "new@example.org"):
        visitor = Client()
        answer = visitor.post(address(event), make.form_data(email=email))
        done = visitor.get(answer["Location"])
        answers.append((answer.status_code, answer["Location"], answer.content, done.status_code, strip(done)))
    assert answers[0] == answers[1]
    assert Message.objects.count() == 3


def test_who_is_known_already_cannot_be_told_at_a_full_event():
    event = make.event(capacity=1, waiting_list=False)
    make.registered(event, "Ana Silva")
    answers = []
    for email in ("ana.silva@example.org", "new.silva@example.org"):
        answer = Client().post(address(event), make.form_data(email=email))
        answers.append((answer.status_code, strip(answer).replace(escape(email), "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 409


def strip(response) -> str:
    """Return the page without form tokens, which differ for every visitor."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_a_full_event_offers_the_waiting_list(client):
    event = make.event(capacity=1)
    make.registered(event, "First")
    html = client.get(address(event)).content.decode()
    assert ("Join the waiting list" in html, ">Register</button>" in html) == (True, False)
    assert client.post(address(event), make.form_data()).status_code == 303
    assert Registration.objects.get(name="Ana Silva").waiting_number == 1


def test_a_seat_taken_between_form_and_submit_becomes_a_place_on_the_list(client):
    event = make.event(capacity=1)
    client.get(address(event))
    make.registered(event, "Faster")
    assert client.post(address(event), make.form_data()).status_code == 303
    assert list(Message.objects.order_by("id").values_list("kind", flat=True)) == [
        "event-confirmation",
        "event-waiting",
    ]


def test_a_double_submit_takes_one_seat(client):
    event = make.event(capacity=5)
    answers = [client.post(address(event), make.form_data()).status_code for _ in range(2)]
    assert (answers, Registration.objects.count()) == ([303, 303], 1)


BAD = [
    ({"name": ""}, "Write your name."),
    ({"name": "x" * 121}, "Write a name of at most 120 characters."),
    ({"name": "\x00\x01 \u202e"}, "Write your name."),
    ({"email": ""}, "Write your e-mail address: the invitation goes there."),
    ({"email": "ana"}, "Write an e-mail address, such as name@example.org."),
    ({"email": "ana@[127.0.0.1]"}, "Write an e-mail address, such as name@example.org."),
    ({"email": "a@b.example\r\nBcc: all@city.example"}, "Write an e-mail address, such as name@example.org."),
    ({"email": "a" * 250 + "@b.example"}, "Write an e-mail address of at most 254 characters."),
    ({"country": ""}, "Choose a country."),
    ({"country": "ZZ"}, "Choose a country from the list."),
    ({"organisation": ""}, "Write the name of your organisation, or “none”."),
    ({"organisation": "x" * 201}, "Write a name of at most 200 characters."),
    ({"organisation_type": "1 OR 1=1"}, "Choose a type of organisation from the list."),
    ({"language": "xx"}, "Choose a language from the list."),
    ({"timezone": "Mars/Base"}, "Choose a time zone from the list."),
    ({"timezone": "../../etc/passwd"}, "Choose a time zone from the list."),
]


@pytest.mark.parametrize(("bad", "sentence"), BAD, ids=lambda value: repr(value)[:40])
def test_bad_input_gets_one_sentence_and_loses_nothing(client, bad, sentence):
    event = make.event()
    answer = client.post(address(event), make.form_data(**bad))
    html = answer.content.decode()
    assert answer.status_code == 422
    form = answer.context["form"]
    assert [str(error) for errors in form.errors.values() for error in errors] == [sentence]
    kept = {name: value for name, value in make.form_data().items() if name not in bad and value}
    assert {name: form[name].value() for name in kept} == kept
    assert escape(kept.get("organisation", "City of Bogotá")) in html or "organisation" in bad
    assert (Registration.objects.count(), Message.objects.count()) == (0, 0)


def test_bidi_overrides_and_control_characters_leave_a_name(client):
    event = make.event()
    client.post(address(event), make.form_data(name="Ana\u202e\u0007\tSilva\r\nBcc: x", organisation="A\u2066B"))
    registration = Registration.objects.get()
    assert (registration.name, registration.organisation) == ("Ana Silva Bcc: x", "AB")


def test_fields_that_are_not_asked_for_are_not_taken(client):
    event = make.event(capacity=0)
    client.post(address(event), make.form_data(state="confirmed", waiting_number="-5", person="1", event="99"))
    registration = Registration.objects.get()
    assert (registration.state, registration.waiting_number, registration.event) == ("waiting", 1, event)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"status": EventStatus.CANCELLED}, 410, "This event has been cancelled"),
        ({"registration_closes_at": -1}, 410, "Registration for this event has closed."),
        ({"starts_at": -1}, 410, "This event has started or is over"),
        ({"registration_opens_at": 60}, 409, "Registration for this event has not opened yet."),
        ({"capacity": 0, "waiting_list": False, "seat_state": "full"}, 409, "All seats are taken"),
    ],
    ids=["cancelled", "closed", "past", "not open yet", "full"],
)
def test_who_cannot_register_reads_why_and_keeps_what_they_wrote(client, change, status, words):
    event = make.event(starts_at=make.in_days(3))
    moved = {
        name: clock.now() + timedelta(minutes=value) if name.endswith("_at") else value
        for name, value in change.items()
    }
    Event.objects.filter(pk=event.pk).update(**moved)
    shown = client.get(address(event))
    assert (shown.status_code, words in shown.content.decode()) == (200 if status == 409 else 410, True)
    answer = client.post(address(event), make.form_data())
    html = answer.content.decode()
    assert (answer.status_code, words in html, "City of Bogotá" in html) == (status, True, True)
    assert Registration.objects.count() == 0


def test_an_unknown_address_is_not_found(client):
    assert client.get("/en/events/nothing/register/").status_code == 404
    assert client.post("/en/events/nothing/register/", make.form_data()).status_code == 404


def test_an_address_that_no_text_of_the_database_can_hold_leads_nowhere(client):
    for path in ("/en/events/a%00b/register/", "/en/events/a%00b/register/done/"):
        assert client.get(path).status_code == 404


def test_a_title_in_another_language_runs_its_own_way_and_stays_on_the_pages_side(client):
    page = make.live_webinar(title="Budget")
    assert (
        '<h1><bdi lang="en" dir="ltr">Budget</bdi></h1>'
        in client.get(f"/ar/events/{page.slug}/register/").content.decode()
    )
    assert "<h1><bdi>Budget</bdi></h1>" in client.get(f"/en/events/{page.slug}/register/").content.decode()


def test_an_event_without_a_live_page_is_not_found(client):
    page = make.live_webinar()
    page.unpublish()
    assert client.get(f"/en/events/{page.slug}/register/").status_code == 404


def test_a_private_event_is_open_to_those_who_may_read_its_page(client):
    page = make.live_webinar()
    page.view_restrictions.create(restriction_type="login")
    url = f"/en/events/{page.slug}/register/"
    assert client.get(url).status_code == 404
    assert client.post(url, make.form_data()).status_code == 404
    assert accounts.sign_in(client, accounts.PersonFactory()).get(url).status_code == 200


def test_a_robot_that_fills_in_every_field_is_thanked_and_ignored(client):
    event = make.event()
    answer = client.post(address(event), make.form_data(website="http://buy.example"))
    assert (answer.status_code, Registration.objects.count()) == (303, 0)


@pytest.mark.parametrize("limit", ["PER_NETWORK", "PER_ADDRESS"])
def test_too_often_gets_one_sentence_and_keeps_everything(client, monkeypatch, limit):
    monkeypatch.setattr(registering, limit, limits.Limit(limit, 1, 600))
    event = make.event()
    assert client.post(address(event), make.form_data()).status_code == 303
    answer = client.post(address(event), make.form_data())
    html = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert ("That was too often." in html, "City of Bogotá" in html) == (True, True)
    assert Message.objects.count() == 1


def test_bombing_one_mailbox_by_its_tags_ends_at_its_limit(client, monkeypatch):
    monkeypatch.setattr(registering, "PER_ADDRESS", limits.Limit("address", 2, 600))
    event = make.event()
    answers = [client.post(address(event), make.form_data(email=f"ana+{one}@city.example")) for one in range(3)]
    assert [one.status_code for one in answers] == [303, 303, 429]
    assert Message.objects.count() == 2


@pytest.mark.parametrize("token", [{}, {"csrfmiddlewaretoken": "x" * 64}], ids=["missing", "forged"])
def test_a_form_without_its_token_is_refused_and_gives_back_what_was_typed(token):
    event = make.event()
    data = make.form_data(name="<b>Ana</b> \u202eSilva", **token)
    answer = Client(enforce_csrf_checks=True).post(address(event), data)
    assert (answer.status_code, Registration.objects.count()) == (403, 0)
    assert "no-store" in answer["Cache-Control"]
    facts = BeautifulSoup(answer.content, "html.parser").select(".facts > div")
    assert [(one.dt.text, one.dd.bdi.text) for one in facts] == [
        ("Name", "<b>Ana</b> Silva"),
        ("E-mail address", "ana.silva@example.org"),
        ("Organisation", "City of Bogotá"),
    ]
    [way] = BeautifulSoup(answer.content, "html.parser").select("main .actions a")
    assert (way["href"], way.get_text(strip=True)) == (address(event), "Open the form anew")


def test_a_signed_in_person_sees_three_fields_and_is_linked(client):
    event = make.event()
    person = accounts.PersonFactory(
        display_name="Ana Silva",
        country="CO",
        organisation="City of Bogotá",
        organisation_type=make.term("organisation-type", "local-authority"),
        timezone="America/Bogota",
    )
    accounts.sign_in(client, person)
    form = client.get(address(event)).context["form"]
    assert [field.name for field in form.shown] == ["name", "email", "organisation"]
    assert [field.name for field in form.folded] == ["country", "organisation_type", "language", "timezone"]
    client.post(address(event), make.form_data(email=person.email))
    assert Registration.objects.get().person == person


def test_registering_a_colleague_links_no_account(client):
    event = make.event()
    accounts.sign_in(client, accounts.PersonFactory())
    client.post(address(event), make.form_data(email="colleague@example.org"))
    assert Registration.objects.get().person is None


@pytest.mark.parametrize(
    ("header", "chosen", "zone"),
    [
        ("fr-BE,fr;q=0.9", "", "Europe/Brussels"),
        ("es-CO", "", "America/Bogota"),
        ("en-US", "", "Asia/Kathmandu"),
        ("", "", "Asia/Kathmandu"),
        ("fr-BE", "Asia/Calcutta", "Asia/Kolkata"),
        ("fr-BE", "Mars/Base", "Europe/Brussels"),
    ],
)
def test_the_zone_is_guessed_and_can_be_changed(client, header, chosen, zone):
    event = make.event(timezone="Asia/Kathmandu")
    page = client.get(address(event), {"tz": chosen}, headers={"accept-language": header})
    assert page.context["form"]["timezone"].value() == zone


def test_the_form_costs_the_same_whatever_the_number_of_registrations(client, django_assert_num_queries):
    counts = []
    for _ in range(2):
        event = make.event(capacity=2)
        for name in ("A", "B", "C")[: 1 + 2 * len(counts)]:
            make.registered(event, name)
        client.get(address(event))
        with django_assert_num_queries(1) as queries:
            client.get(address(event))
        counts.append(len(queries))
    assert counts == [1, 1]


def test_a_refused_form_asks_for_the_event_and_for_a_seat_alone(client, django_assert_num_queries):
    event = make.event(capacity=1, waiting_list=False)
    make.registered(event)
    first, second = (make.form_data(email=f"late{number}@example.org") for number in (1, 2))
    client.post(address(event), first)
    # Within a test a transaction is a savepoint: set, rolled back and released.
    with django_assert_num_queries(5):
        assert client.post(address(event), second).status_code == 409


def test_what_surrounds_the_form_is_written_once_for_each_event_and_language(client, monkeypatch):
    event, other = make.event(capacity=0, waiting_list=False), make.event()
    written = []
    language_links = navigation.language_links
    monkeypatch.setattr(navigation, "language_links", lambda *args: written.append(args[1]) or language_links(*args))
    for shown in (event, event, other):
        assert f'href="/fr/events/{shown.slug}/register/"' in client.get(address(shown)).content.decode()
    assert client.post(address(event), make.form_data()).status_code == 409
    assert f'href="/en/events/{event.slug}/register/"' in client.get(address(event, "ar")).content.decode()
    assert written == ["en", "en", "ar"]


def test_what_a_query_says_stays_with_whoever_asked_it(client):
    event = make.event()
    plain = f'href="/fr/events/{event.slug}/register/"'
    for query in ("", "?from=a-mail", ""):
        html = client.get(address(event) + query).content.decode()
        assert (plain in html, 'register/?from=a-mail"' in html) == (not query, bool(query))


def test_the_form_names_the_event_as_it_is_called_now_in_the_readers_language(
    client, django_capture_on_commit_callbacks
):
    page = make.live_webinar(title="Budget")
    event = Event.objects.get()
    html = client.get(address(event)).content.decode()
    assert ("Register: Budget" in html, '<p class="eyebrow">Webinar</p>' in html) == (True, True)
    page.title = "Climate budget"
    with django_capture_on_commit_callbacks(execute=True):
        make.publish_now(page)
    assert "Register: Climate budget" in client.get(address(event)).content.decode()


@pytest.mark.parametrize("is_kept", [True, False], ids=["taken off the site", "never there"])
def test_a_form_sent_where_no_event_is_any_more_gives_back_what_was_typed(client, is_kept):
    page = make.live_webinar(title="Heat pumps")
    url = f"/en/events/{page.slug}/register/" if is_kept else "/en/events/nothing/register/"
    page.unpublish()
    answer = client.post(url, make.form_data(name="Ana <Silva>"))
    html = answer.content.decode()
    assert answer.status_code == 404
    assert "<h1>There is no event at this address</h1>" in html
    assert "<dt>Name</dt><dd><bdi>Ana &lt;Silva&gt;</bdi></dd>" in html
    assert "<dt>E-mail address</dt><dd><bdi>ana.silva@example.org</bdi></dd>" in html
    assert "Heat pumps" not in html
    assert (Registration.objects.count(), Message.objects.count()) == (0, 0)


def test_whoever_holds_a_seat_in_a_full_event_is_not_sent_to_the_waiting_list(client):
    person = accounts.PersonFactory()
    accounts.sign_in(client, person)
    event = make.event(capacity=1)
    make.registered(event, email=person.email, person=person)
    html = client.get(address(event)).content.decode()
    assert "You are registered and have a seat." in html
    assert ">Send my link again</button>" in html
    assert ("All seats are taken" in html, "Join the waiting list" in html) == (False, False)
