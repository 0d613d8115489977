"""New links for somebody whose mail came into other hands: the old ones are dead, the new ones live, one mail says so."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from accounts.services import erase_address
from core import clock
from events import errors, tokens
from events.models import Attendance, Event, Registration, RegistrationChange
from events.services import announce_changes, cancel, cancel_event, renew_links, set_join_link
from mail import rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from mail.services import suppress
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]
OWN = (
    "event_registration",
    "event_registration_cancel",
    "event_registration_calendar",
    "event_registration_erase",
    "event_registration_links",
)
JOIN = ("event_join", "event_join_calendar")


@pytest.fixture
def registration() -> Registration:
    return make.registered(make.event(title="Budget", capacity=1), "Ana", language="fr")


@pytest.fixture
def admin(client: Client) -> Client:
    return accounts.sign_in(client, accounts.PersonFactory(admin=True, display_name="Staff"))


def addresses(registration: Registration) -> list[str]:
    """Return every signed address that mails and pages have given to the person."""
    own = [reverse(name, args=[registration.token]) for name in OWN]
    return own + [reverse(name, args=[registration.join_token]) for name in JOIN]


def renewed(registration: Registration) -> Registration:
    renew_links(registration_id=registration.pk, version=registration.token_version)
    return Registration.objects.get(pk=registration.pk)


def asked() -> list[Message]:
    return list(Message.objects.filter(kind="event-links").order_by("id"))


def history(registration: Registration) -> list[tuple[str, str, str]]:
    return [(one.what, one.actor, one.reason) for one in registration.changes.order_by("pk")]


def test_links_sent_before_find_what_a_forged_one_finds_and_new_ones_open(client, registration):
    old, new = addresses(registration), addresses(renewed(registration))
    forged = client.get(reverse("event_registration", args=["forged"]))
    dead = [client.get(address) for address in old]
    assert [(answer.status_code, answer.content) for answer in dead] == [(404, forged.content)] * len(old)
    html = forged.content.decode()
    for said in ("This link does not work", "we mail you your own link again", 'href="/en/events/"'):
        assert said in html, said
    assert [client.post(address).status_code for address in old if not address.endswith(".ics")] == [404] * 5
    assert [client.get(address).status_code for address in new] == [200] * len(new)
    assert Registration.objects.get().state == "confirmed"


def test_an_old_join_link_leads_nobody_into_the_meeting(client, registration):
    event = registration.event
    set_join_link(translation_key=event.translation_key, url="https://meet.example/")
    old, new = registration.join_token, renewed(registration).join_token
    with time_machine.travel(event.starts_at, tick=False):
        assert client.post(reverse("event_join", args=[old])).status_code == 404
        assert Attendance.objects.count() == 0
        assert client.post(reverse("event_join", args=[new]))["Location"] == "https://meet.example/"


def test_one_mail_in_the_persons_language_brings_the_new_links_and_a_newer_invitation(registration):
    before = rendering.render(Message.objects.get(kind="event-confirmation"))
    new = renewed(registration)
    (message,) = asked()
    assert (message.to_address, message.language, message.params) == (
        "ana@example.org", "fr", {"registration": new.pk, "version": 1},
    )  # fmt: skip
    content = rendering.render(message)
    for words in (content.text, content.html):
        assert [address in words for address in (new.token, new.join_token)] == [True, True]
        assert [address in words for address in (registration.token, registration.join_token)] == [False, False]
    entries = [Calendar.from_ical(one.attachments[0].content).walk("VEVENT")[0] for one in (before, content)]
    assert entries[0]["uid"] == entries[1]["uid"]
    assert [entry["sequence"] for entry in entries] == [0, 1]
    assert new.join_token in str(entries[1]["url"])


def test_the_mail_says_why_the_old_ones_fail():
    seat = make.registered(make.event(title="Budget", capacity=1), "Ana")
    waits = make.registered(seat.event, "Bo")
    for one in (seat, waits):
        renewed(one)
    with_seat, waiting = (rendering.render(message) for message in asked())
    assert with_seat.subject == "New links: Budget"
    for content in (with_seat, waiting):
        assert "The links in our earlier mails about this event no longer work." in content.text
    assert ["it puts the new link into your calendar" in one.text for one in (with_seat, waiting)] == [True, False]
    assert [len(one.attachments) for one in (with_seat, waiting)] == [1, 0]


def test_only_the_newest_links_are_told_of(registration):
    renewed(renewed(registration))
    first, second = asked()
    with pytest.raises(NoLongerMakesSense, match="There are newer links"):
        rendering.render(first)
    assert rendering.render(second).subject.endswith("Budget")


def test_asking_twice_from_one_page_renews_once(registration):
    for _ in range(2):
        renew_links(registration_id=registration.pk, version=0)
    registration.refresh_from_db()
    assert (registration.token_version, registration.revision, len(asked())) == (1, 1, 1)
    assert history(registration) == [("confirmed", "person", ""), ("links", "person", "")]


def over(registration: Registration) -> None:
    Event.objects.update(starts_at=clock.now() - timedelta(hours=1), ends_at=clock.now())


def cancelled(registration: Registration) -> None:
    cancel(registration_id=registration.pk)


def called_off(registration: Registration) -> None:
    cancel_event(event_id=registration.event_id, by=accounts.PersonFactory(), reason="x")


def erased(registration: Registration) -> None:
    erase_address(address=registration.email)


@pytest.mark.parametrize("end", [over, cancelled, called_off, erased])
def test_nothing_is_renewed_where_no_mail_would_bring_it(registration, end):
    end(registration)
    before = Registration.objects.values().get(pk=registration.pk)
    with pytest.raises(errors.LinksStay):
        renew_links(registration_id=registration.pk, version=before["token_version"])
    assert (Registration.objects.values().get(pk=registration.pk), asked()) == (before, [])


@pytest.mark.parametrize("end", [cancelled, called_off])
def test_what_ends_before_the_mail_leaves_keeps_it_back(registration, end):
    renewed(registration)
    end(registration)
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        announce_changes()
        with pytest.raises(NoLongerMakesSense):
            rendering.render(asked()[0])


def test_the_person_asks_on_their_own_page_with_a_button(client):
    registration = make.registered(make.event(), "Ana")
    own, links = (reverse(name, args=[registration.token]) for name in (OWN[0], OWN[4]))
    assert f'<a href="{links}">Send me new links</a>' in client.get(own).content.decode()
    for look in (client.get, client.head, client.options):
        look(links)
    assert "the ones from before stop working." in client.get(links).content.decode()
    assert asked() == []
    answer = client.post(links)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    page = answer.content.decode()
    assert "A mail with new links is on its way to the address of this registration." in page
    registration.refresh_from_db()
    assert [given in page for given in (registration.token, registration.join_token, registration.email)] == [False] * 3
    assert (client.post(links).status_code, client.get(own).status_code, len(asked())) == (404, 404, 1)


def test_where_nothing_can_be_renewed_the_page_says_so_and_offers_nothing(client, registration):
    Registration.objects.update(language="en")
    called_off(registration)
    own, links = (reverse(name, args=[registration.token]) for name in (OWN[0], OWN[4]))
    assert links not in client.get(own).content.decode()
    answer = client.post(links)
    assert (answer.status_code, "New links are for those who have a seat" in answer.content.decode()) == (410, True)


def test_another_sites_form_renews_nothing(registration):
    answer = Client(enforce_csrf_checks=True).post(reverse(OWN[4], args=[registration.token]))
    assert (answer.status_code, asked()) == (403, [])


def test_a_join_link_passed_on_and_a_guessed_version_renew_nothing(client, registration):
    for token in (registration.join_token, tokens.make(registration.uuid, 1)):
        assert client.post(reverse(OWN[4], args=[token])).status_code == 404
    assert asked() == []


def test_staff_send_new_links_with_a_reason(admin, registration):
    page = reverse("registrations:inspect", args=[registration.pk])
    url = reverse("registrations:links", args=[registration.pk])
    assert f'href="{url}">Send new links</a>' in admin.get(page).content.decode()
    form = admin.get(url).content.decode()
    assert ("stop working at once" in form, '<input type="hidden" name="version" value="0"' in form) == (True, True)
    answers = [admin.post(url, {"version": "0", "reason": "Forwarded by mistake"}) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, page)] * 2
    assert history(registration) == [("confirmed", "person", ""), ("links", "staff", "Forwarded by mistake")]
    assert RegistrationChange.objects.get(what="links").by.display_name == "Staff"
    assert len(asked()) == 1
    shown = admin.get(page).content.decode().split("History", 1)[1]
    assert [words in shown for words in ("Given new links", "Forwarded by mistake", "Staff")] == [True] * 3


def test_staff_read_whether_the_mail_with_new_links_can_leave(admin, registration):
    url = reverse("registrations:links", args=[registration.pk])

    def said() -> list[str]:
        answer = admin.post(url, {"version": str(len(asked())), "reason": "x"}, follow=True)
        return [str(one).strip() for one in answer.context["messages"]]

    suppress(address=registration.email, reason="complained")
    assert said() == ["New links are on their way. Those sent before no longer work."]
    suppress(address=registration.email, reason="bounced")
    assert said() == [
        "The links sent before no longer work. New ones do not arrive: the address is on the suppression list."
    ]
    assert len(asked()) == 2


def test_staff_need_a_reason_and_read_a_refusal(admin, registration):
    url = reverse("registrations:links", args=[registration.pk])
    assert (admin.post(url, {"version": "0", "reason": ""}).status_code, asked()) == (200, [])
    called_off(registration)
    assert url not in admin.get(reverse("registrations:inspect", args=[registration.pk])).content.decode()
    answer = admin.post(url, {"version": "0", "reason": "x"})
    assert (answer.status_code, "New links are for those who have a seat" in answer.content.decode()) == (409, True)


@pytest.mark.parametrize("rights", [[], ["view_registration"]])
def test_who_may_not_change_registrations_makes_nobodys_links_void(client, registration, rights):
    person = accounts.editor()
    person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    accounts.sign_in(client, person)
    url = reverse("registrations:links", args=[registration.pk])
    for answer in (client.get(url), client.post(url, {"version": "0", "reason": "x"})):
        assert (answer.status_code, b"Ana" in answer.content) == (302, False)
    registration.refresh_from_db()
    assert (registration.token_version, asked()) == (0, [])


def test_a_visitor_makes_nobodys_links_void(client, registration):
    url = reverse("registrations:links", args=[registration.pk])
    assert client.post(url, {"version": "0", "reason": "x"}).status_code == 302
    registration.refresh_from_db()
    assert (registration.token_version, asked()) == (0, [])
