"""Why did X (not) get this? The page about one person or address: who may look, and everything it tells."""

from collections.abc import Generator
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from wagtail.users.models import UserProfile

from accounts.models import User
from core import clock
from mail import purposes
from mail.enums import SuppressionReason
from mail.models import Attempt, Message
from mail.purposes import Planned, Purpose
from mail.services import suppress, take_off
from tests.factories import events as make
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.factories.mail import ask, lapsed

pytestmark = pytest.mark.django_db
PAGE = "/admin/outbox/whose/"
NOON = datetime(2026, 12, 12, 12, tzinfo=UTC)


def member_of_staff(*codenames: str) -> User:
    person = editor()
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames, content_type__app_label="mail"))
    return person


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, member_of_staff("view_message"))


@pytest.fixture
def at_noon(time_machine) -> None:
    time_machine.move_to(NOON, tick=False)


def page(response: HttpResponse) -> BeautifulSoup:
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(response: HttpResponse) -> str:
    return page(response).select_one("main").get_text(" ", strip=True)


def stories(response: HttpResponse) -> list[str]:
    return [" ".join(one.get_text(" ", strip=True).split()) for one in page(response).select(".mail-story")]


def refused(message: Message) -> Message:
    now = clock.now()
    Attempt.objects.create(
        message=message, number=1, started_at=now, answered_at=now, code=550, reply="5.1.1 <b>No such user"
    )
    Message.objects.filter(pk=message.pk).update(
        state="failed", reason="refused", finished_at=now, started_at=now, first_tried_at=now, attempts=1
    )
    message.refresh_from_db()
    return message


def test_each_message_tells_its_state_its_attempts_and_the_servers_words(at_noon: None, staff: Client) -> None:
    refused(ask(to="Ana@city.example", key="event:1", subject="Hello <b>"))
    ask(to="other@city.example")
    assert stories(staff.get(PAGE, {"q": " ana@CITY.example "})) == [
        (
            "Other: Hello <b>"
            " Failed. Nothing more: it ended at 2026-12-12 12:00:00, because the receiving server refused it."
            " Asked for at 2026-12-12 12:00:00 under the key event:1 ."
            " Number Hand-over started Answered Code The server's words"
            " 1 2026-12-12 12:00:00 2026-12-12 12:00:00 550 5.1.1 <b>No such user"
        )
    ]


def test_a_mail_about_a_registration_leads_to_it(staff: Client) -> None:
    event = make.event(title="Heat <pumps>")
    registration = make.registered(event, "Ana Silva")
    link = page(staff.get(PAGE, {"q": "ana.silva@example.org"})).select_one(".mail-story a[href*=registrations]")
    assert link is not None
    assert (link["href"], link.text) == (
        f"/admin/registrations/{registration.pk}/",
        "Heat <pumps> (Ana Silva)",
    )


@pytest.mark.parametrize(
    ("reason", "until", "sentence"),
    [
        (
            "asked",
            None,
            "Mail to many has been stopped here since 2026-12-12 12:00, with no end: somebody there asked us not to write.",
        ),
        (
            "complained",
            datetime(2026, 12, 20, tzinfo=UTC),
            "Mail to many is stopped here from 2026-12-12 12:00 until 2026-12-20 00:00: somebody there called our mail spam.",
        ),
        (
            "asked",
            datetime(2026, 12, 12, 11, tzinfo=UTC),
            "Mail to many was stopped here from 2026-12-12 12:00 until 2026-12-12 11:00: somebody there asked us not to write.",
        ),
        (
            "bounced",
            None,
            "Mail to this address has been stopped since 2026-12-12 12:00, with no end: mail to it comes back for good.",
        ),
        (
            "bounced",
            datetime(2026, 12, 20, tzinfo=UTC),
            "Mail to this address is stopped from 2026-12-12 12:00 until 2026-12-20 00:00: mail to it comes back for good.",
        ),
        (
            "bounced",
            datetime(2026, 12, 12, 11, tzinfo=UTC),
            "Mail to this address was stopped from 2026-12-12 12:00 until 2026-12-12 11:00: mail to it comes back for good.",
        ),
    ],
)
def test_a_suppressed_address_tells_since_when_and_until_when(
    at_noon: None, staff: Client, reason: str, until: datetime | None, sentence: str
) -> None:
    entry = suppress(address="ana@city.example", reason=SuppressionReason(reason))
    if until is not None:
        lapsed(entry, at=until)
    boxes = page(staff.get(PAGE, {"q": "ana@city.example"})).select("h2 ~ p.help-block")
    assert boxes[0].get_text(" ", strip=True) == sentence


@pytest.mark.parametrize(
    ("reasons", "is_told"),
    [
        ({"asked": False}, True),
        ({"asked": False, "staff": False}, False),
        ({"asked": False, "staff": True}, True),
        ({"asked": True}, False),
        ({"bounced": False}, False),
        ({}, False),
    ],
)
def test_that_some_mail_is_still_sent_is_told_only_while_it_is(
    at_noon: None, staff: Client, reasons: dict[str, bool], is_told: bool
) -> None:
    for reason, is_over in reasons.items():
        entry = suppress(address="ana@city.example", reason=SuppressionReason(reason))
        if is_over:
            lapsed(entry, at=NOON)
    shown = words(staff.get(PAGE, {"q": "ana@city.example"}))
    assert ("Only mail that the person asks for is sent." in shown) is is_told


def test_the_history_of_the_list_is_there_when_the_last_entry_is_not(at_noon: None, staff: Client) -> None:
    by = editor(display_name="Mia <b>")
    for address in ("ana@city.example", "bo@city.example"):
        entry = suppress(address=address, reason=SuppressionReason.STAFF, note="Ana <i> rang", by=by)
        take_off(suppression_id=entry.pk, note="apologised", by=by)
    shown = page(staff.get(PAGE, {"q": "Ana@city.example"}))
    assert shown.summary.text == "History of the address on the suppression list"
    assert [[cell.text for cell in row.select("td")] for row in shown.select("details tbody tr")] == [
        ["2026-12-12 12:00:00", "taken off the list", "staff decided so", "Mia <b>", "apologised"],
        ["2026-12-12 12:00:00", "put on the list", "staff decided so", "Mia <b>", "Ana <i> rang"],
    ]
    assert not page(staff.get(PAGE, {"q": "cy@city.example"})).select("details")


def test_the_page_names_the_zone_of_its_times_once(client: Client, at_noon: None) -> None:
    person = member_of_staff("view_message")
    UserProfile.get_for_user(person)
    UserProfile.objects.update(current_time_zone="Asia/Kolkata")
    suppress(address="ana@city.example", reason=SuppressionReason.STAFF)
    shown = words(sign_in(client, person).get(PAGE, {"q": "ana@city.example"}))
    assert "Mail to this address has been stopped since 2026-12-12 17:30, with no end: staff decided so." in shown
    assert shown.count("All times are those of Kolkata.") == 1


def test_an_address_that_was_never_written_to_says_so(staff: Client) -> None:
    shown = words(staff.get(PAGE, {"q": "nobody@city.example"}))
    assert "The address is not on the suppression list." in shown
    assert (
        "No mail to this address is on record. It may have been erased, or its time may be over."
        " If one was expected, look whether the registration or the account has another address."
    ) in shown


def test_a_part_of_an_address_offers_those_that_hold_it(staff: Client) -> None:
    ask(to="ana@city.example")
    PersonFactory(email="anabel@town.example")
    suppress(address="diana@old.example", reason=SuppressionReason.STAFF)
    ask(to="bo@city.example")
    links = page(staff.get(PAGE, {"q": "ANA"})).select("main li a[href*=whose]")
    assert [(link.text, link["href"]) for link in links] == [
        ("ana@city.example", "/admin/outbox/whose/?q=ana%40city.example"),
        ("anabel@town.example", "/admin/outbox/whose/?q=anabel%40town.example"),
        ("diana@old.example", "/admin/outbox/whose/?q=diana%40old.example"),
    ]
    assert "No address with these words is known here" in words(staff.get(PAGE, {"q": "zzz<b>"}))


def test_a_persons_page_holds_the_mail_to_their_former_address(staff: Client) -> None:
    person = PersonFactory(email="new@city.example")
    ask(to="old@city.example", key="k:old", person=person)
    ask(to="new@city.example", key="k:new")
    told = stories(staff.get(f"{PAGE}person/{person.pk}/"))
    assert [key in story for key, story in zip(["k:new", "k:old"], told, strict=True)] == [True, True]


def test_a_persons_page_tells_of_each_address_where_it_stands_on_the_list(at_noon: None, staff: Client) -> None:
    person = PersonFactory(email="new@city.example")
    for address in ("Old@city.example", "older@city.example", "NEW@city.example"):
        ask(to=address, person=person)
    ask(to="other@city.example")
    suppress(address="old@city.example", reason=SuppressionReason.BOUNCED, note="550 no old")
    suppress(address="other@city.example", reason=SuppressionReason.STAFF)
    shown = page(staff.get(f"{PAGE}person/{person.pk}/")).select_one("main")
    told = {}
    for heading in shown.select("h3:not(.mail-story h3)"):
        told[heading.text] = " ".join(heading.find_next_sibling("p").text.split())
    assert told == {
        "new@city.example": "The address is not on the suppression list.",
        "old@city.example": (
            "Mail to this address has been stopped since 2026-12-12 12:00, with no end: mail to it comes back for good."
            " 550 no old"
        ),
        "older@city.example": "The address is not on the suppression list.",
    }
    assert [one.find_previous("h3").text for one in shown.select("details")] == ["old@city.example"]
    # Their mail goes to the present address, which nothing stops.
    assert "Only mail that the person asks for is sent." not in shown.text


@pytest.mark.parametrize("number", [1, 3])
def test_former_addresses_cost_the_same_for_one_and_for_three(
    staff: Client, django_assert_num_queries, number: int
) -> None:
    person = PersonFactory(email="new@city.example")
    for one in range(number):
        ask(to=f"old{one}@city.example", person=person)
        suppress(address=f"old{one}@city.example", reason=SuppressionReason.ASKED)
    staff.get(f"{PAGE}person/{person.pk}/")
    with django_assert_num_queries(23):
        shown = page(staff.get(f"{PAGE}person/{person.pk}/"))
    assert len(shown.select(".help-block.help-warning")) == number


@pytest.fixture
def reminder() -> Generator[None]:
    """An upper app that plans a mail."""
    about = Purpose("Heat pumps", "/admin/somewhere/")

    def planned(addresses, person) -> list[Planned]:
        return [Planned("Reminder", NOON, about)] if "ana@city.example" in addresses else []

    purposes.provide_planned(planned)
    yield
    purposes._planned.remove(planned)


def test_what_is_planned_is_told_by_the_apps_above(staff: Client, reminder: None) -> None:
    assert "Planned 2026-12-12 12:00: Reminder, Heat pumps" in words(staff.get(PAGE, {"q": "ana@city.example"}))
    assert "Planned" not in words(staff.get(PAGE, {"q": "bo@city.example"}))


def test_the_page_costs_the_same_with_one_and_with_three_messages(staff: Client, django_assert_num_queries) -> None:
    event = make.event()
    refused(Message.objects.get(pk=ask(to="ana.silva@example.org").pk))
    make.registered(event)
    staff.get(PAGE, {"q": "ana.silva@example.org"})
    with django_assert_num_queries(26):
        staff.get(PAGE, {"q": "ana.silva@example.org"})
    for _n in range(2):
        refused(ask(to="ana.silva@example.org"))
    with django_assert_num_queries(26):
        assert len(stories(staff.get(PAGE, {"q": "ana.silva@example.org"}))) == 4


def test_the_history_costs_the_same_with_one_and_with_three_steps(staff: Client, django_assert_num_queries) -> None:
    def step() -> None:
        suppress(address="ana@city.example", reason=SuppressionReason.STAFF, by=editor())

    step()
    staff.get(PAGE, {"q": "ana@city.example"})
    with django_assert_num_queries(19):
        assert len(page(staff.get(PAGE, {"q": "ana@city.example"})).select("details tbody tr")) == 1
    step()
    step()
    with django_assert_num_queries(19):
        assert len(page(staff.get(PAGE, {"q": "ana@city.example"})).select("details tbody tr")) == 3


def test_older_messages_are_on_further_pages(staff: Client) -> None:
    for number in range(26):
        ask(to="ana@city.example", key=f"k:{number}:")
    assert len(stories(staff.get(PAGE, {"q": "ana@city.example"}))) == 25
    assert "k:0:" in stories(staff.get(PAGE, {"q": "ana@city.example", "p": 2}))[0]


def test_nobody_reads_the_subject_of_a_sign_in_mail(staff: Client) -> None:
    ask(to="ana@city.example", subject="Code 314159", is_secret=True)
    assert "314159" not in words(staff.get(PAGE, {"q": "ana@city.example"}))


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?q=ana", f"{PAGE}?q=ana@city.example", f"{PAGE}person/1/"])
def test_an_editor_without_the_permission_cannot_find_out_who_gets_mail(client: Client, path: str) -> None:
    ask(to="ana@city.example")
    response = sign_in(client, editor()).get(path)
    assert response.status_code == 302
    assert b"city.example" not in response.content


def test_a_visitor_cannot_find_out_who_gets_mail(client: Client) -> None:
    assert client.get(f"{PAGE}?q=ana").status_code == 302


def test_the_page_is_reached_from_people_registrations_and_the_outbox(client: Client) -> None:
    administrator = sign_in(client, PersonFactory(admin=True))
    person = PersonFactory()
    make.registered(make.event(), "Ana Silva")
    message = ask(to="bo+x@city.example")
    for address, link in (
        (f"/admin/users/edit/{person.pk}/", f"/admin/outbox/whose/person/{person.pk}/"),
        ("/admin/registrations/", "/admin/outbox/whose/?q=ana.silva%40example.org"),
        ("/admin/outbox/", "/admin/outbox/whose/"),
        (f"/admin/outbox/message/{message.pk}/", "/admin/outbox/whose/?q=bo%2Bx%40city.example"),
    ):
        assert page(administrator.get(address)).select(f'a[href="{link}"]'), address


def test_an_event_manager_sees_addresses_but_no_way_into_the_outbox(client: Client) -> None:
    make.registered(make.event(), "Ana Silva")
    manager = editor()
    manager.user_permissions.set(Permission.objects.filter(codename="view_registration"))
    response = sign_in(client, manager).get("/admin/registrations/")
    assert "ana.silva@example.org" in words(response)
    assert b"outbox" not in response.content
