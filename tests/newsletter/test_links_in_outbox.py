"""Personal links in the outbox: staff who read a mail there cannot act as the person whom it was for."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve

from accounts import roles
from accounts.letters import LETTERS
from accounts.mails import enqueue_letter
from accounts.services import ensure_groups
from core import clock
from events.models import Registration
from events.services import notices, remind, send_message, write_message
from mail import kinds, rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from mail.services import resend
from tests.factories import accounts
from tests.factories import events as make
from tests.factories.newsletter import subscriber
from tests.learning.test_team_mails import one_of_each as ask_for_mails_of_cohorts
from tests.newsletter.test_subscribing import asks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]

PERSONAL = {
    *("erasure-question", "event-cancelled", "event-confirmation", "event-known", "event-links", "event-message"),
    *("event-moved", "event-promoted", "event-reminder", "event-restored", "event-waiting"),
    *("application-admitted", "enrolment-promoted", "enrolment-waiting", "team-invitation"),
    *("newsletter-confirm", "newsletter-known"),
}
# Their buttons lead to pages that are open to everybody or lie behind the sign-in, and a test's links to nobody's.
IMPERSONAL = {
    *("application-declined", "enrolment-called-off", "enrolment-no-seat", "enrolment-withdrawn", "event-called-off"),
    *("membership-approved", "membership-asked", "membership-coordinator", "membership-declined", "membership-ended"),
    *("membership-last-day", "membership-queue", "newsletter-test", "plain", "team-lapsed", "team-sent"),
}


@pytest.fixture
def manager(client: Client) -> Client:
    """Somebody of those who look after events, and so see the outbox."""
    ensure_groups()
    return accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True))


def ask_for_mails_of_events() -> None:
    """Have every mail about a registration asked for, each at a moment at which it makes sense."""
    event = make.event(capacity=1, starts_at=clock.now() + timedelta(days=20))
    seat, waits = make.registered(event, "Ana Silva"), make.registered(event, "Bo Berg")
    gone = make.registered(make.event(), "Cy Cole")
    Registration.objects.filter(pk=gone.pk).update(state="cancelled", cancelled_at=clock.now())
    notices.say_promoted(event, seat, since=event.revision)
    notices.say_cancelled(gone.event, gone)
    notices.say_known(event, waits)
    notices.say_links(event, seat)
    notices.ask_whether_to_erase(seat)
    for kind in (notices.MOVED, notices.CALLED_OFF, notices.RESTORED):
        version = event.revision
        notices.say_changed(kind, event, seat, since=version, before=version, due_at=clock.now())
    make.reminder_due(1)
    remind()
    words = {"en": {"subject": "Bring a map", "text": "Please."}}
    send_message(message_id=write_message(event_id=event.pk, audience="confirmed", words=words).pk)


def left(message: Message) -> Message:
    """Let a message have left: the outbox keeps its words as they were handed over."""
    content, now = rendering.render(message), clock.now()
    message.subject, message.text, message.html = content.subject, content.text, content.html
    message.state, message.attempts = "accepted", 1
    message.started_at = message.first_tried_at = message.finished_at = now
    message.save()
    return message


def all_that_leave() -> list[Message]:
    found = []
    for message in Message.objects.order_by("pk"):
        try:
            found.append(left(message))
        except NoLongerMakesSense:
            continue
    return found


def tokens(words: str) -> set[str]:
    """Return what opens somebody's own page by one of the addresses in the words."""
    found = set()
    for path in re.findall(rf"{re.escape(settings.BASE_URL)}(/[^\s\"'<>?]*)", words):
        try:
            found.add(resolve(path).kwargs.get("token", ""))
        except Resolver404:
            continue
    return found - {""}


def read(manager: Client, message: Message) -> tuple[str, str]:
    """Return the page of a message in the outbox, and its HTML there."""
    address = f"/admin/outbox/message/{message.pk}/"
    page, frame = manager.get(address), manager.get(f"{address}html/")
    assert (page.status_code, frame.status_code) == (200, 200)
    return page.content.decode(), frame.content.decode()


def test_nobody_acts_as_somebody_else_by_a_link_in_the_outbox(manager):
    ask_for_mails_of_events()
    ask_for_mails_of_cohorts()
    asks("ana@city.example")
    subscriber("bo@city.example")
    asks("bo@city.example")
    letters = all_that_leave()
    personal = [message for message in letters if tokens(message.text)]
    assert {message.kind for message in personal} == PERSONAL
    many = {name for name in kinds.names() if kinds.has_variants(name)}
    assert set(kinds.names()) == PERSONAL | IMPERSONAL | many
    for message in personal:
        theirs = tokens(message.text) | tokens(message.html)
        page, frame = read(manager, message)
        assert [one for one in theirs if one in page or one in frame] == [], message.kind
        assert ("/…/" in page, "/…/" in frame) == (True, True), message.kind
        message.refresh_from_db()
        assert tokens(message.text) | tokens(message.html) == theirs


def test_an_event_manager_cannot_subscribe_a_stranger_by_the_mail_with_the_question(manager):
    asks("stranger@city.example")
    message = left(Message.objects.get())
    for words in read(manager, message):
        assert re.findall(r"/news/(confirm|unwanted)/([^/]+)/", words)[:2] == [("confirm", "…"), ("unwanted", "…")]


def test_an_event_manager_cannot_erase_a_guest_by_the_mailed_link(manager):
    registration = make.registered(make.event(), "Ana Silva")
    notices.ask_whether_to_erase(registration)
    message = left(Message.objects.get(kind="erasure-question"))
    for words in read(manager, message):
        assert re.findall(r"/erase/([^/]+)/", words) == ["…"]


def test_who_is_sent_a_mail_again_gets_links_that_open_their_page(manager):
    registration = make.registered(make.event(), "Ana Silva")
    message = left(Message.objects.get(kind="event-confirmation"))
    read(manager, message)
    copy = resend(message_pk=message.pk, by=accounts.PersonFactory(admin=True), reason="Lost")
    assert tokens(rendering.render(copy).text) == {registration.token, registration.join_token}


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_nobody_signs_in_by_a_code_that_the_outbox_shows(manager, name):
    facts = {"code": "314159"} if LETTERS[name].minutes_setting else {}
    message = enqueue_letter(name=name, to="ana@city.example", facts=facts)
    page = manager.get(f"/admin/outbox/message/{message.pk}/").content.decode()
    frame = manager.get(f"/admin/outbox/message/{message.pk}/html/")
    assert ("314159" in message.text, "314159" in page, "314159" in frame.content.decode()) == (
        bool(facts),
        False,
        False,
    )
    assert tokens(message.text) == set()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "https://climate.example.org/learn/adaptation-basics/",
            "https://climate.example.org/learn/adaptation-basics/",
        ),
        ("{base}.example.org/join/adaptation-basics/", "{base}.example.org/join/adaptation-basics/"),
        ("{base}/en/resources/learn/adaptation-basics/", "{base}/en/resources/learn/adaptation-basics/"),
        ("{base}/en/learn/adaptation-basics/", "{base}/en/learn/adaptation-basics/"),
        ("{base}/learn/0123456789abcdef/decline/", "{base}/learn/…/decline/"),
        ("{base}/join/0123456789abcdef/?a=1", "{base}/join/…/?a=1"),
        ("{base}/registration/0123456789abcdef/erase/", "{base}/registration/…/erase/"),
        ("{base}/erase/0123456789abcdef/", "{base}/erase/…/"),
        ("{base}/news/unsubscribe/0123456789abcdef/", "{base}/news/unsubscribe/…/"),
        ("{base}/ar/news/preferences/0123456789abcdef/", "{base}/ar/news/preferences/…/"),
        ("{base}/fr/news/confirm/0123456789abcdef/", "{base}/fr/news/confirm/…/"),
        ("{base}/pt/news/unwanted/0123456789abcdef/", "{base}/pt/news/unwanted/…/"),
        ("{base}/en/account/confirm-email/0123456789abcdef/", "{base}/en/account/confirm-email/…/"),
        ("{base}/en/account/password/reset/key/0123-456789abcdef/", "{base}/en/account/password/reset/key/…/"),
    ],
)
def test_the_outbox_cuts_what_opens_a_page_of_a_person_and_no_address_elsewhere(address, shown):
    address, shown = (one.format(base=settings.BASE_URL) for one in (address, shown))
    message = Message(text=f"See ({address})\n", html=f'<a href="{address}">x</a>')
    content = rendering.shown(message)
    assert (content.text, content.html) == (f"See ({shown})\n", f'<a href="{shown}">x</a>')
