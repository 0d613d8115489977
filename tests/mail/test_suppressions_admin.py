"""The suppression list in the admin: who may look, add and take off, and that each step leaves its reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client

from core import clock
from core.personal import Subject
from mail.admin import suppressions
from mail.enums import SuppressionReason
from mail.models import Suppression, SuppressionChange
from mail.services import suppress, take_off
from mail.services.erasing import erase_suppressions
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.factories.mail import lapsed

pytestmark = pytest.mark.django_db
INDEX = "/admin/suppressions/"


def may(client: Client, *codes: str) -> Client:
    person = editor()
    permissions = Permission.objects.filter(codename__in=codes, content_type__app_label="mail")
    assert permissions.count() == len(codes)
    person.user_permissions.add(*permissions)
    return sign_in(client, person)


@pytest.fixture
def at_noon(time_machine) -> None:
    time_machine.move_to(datetime(2026, 12, 12, 12, tzinfo=UTC), tick=False)


@pytest.fixture
def staff(client: Client) -> Client:
    """Somebody who may do everything here."""
    return may(client, "view_suppression", "add_suppression", "delete_suppression")


def rows(response: HttpResponse) -> list[list[str]]:
    page = BeautifulSoup(response.content, "html.parser")
    return [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in page.select("tbody tr")]


def told(response: HttpResponse) -> list[str]:
    """Return what the page says of the step that led to it."""
    page = BeautifulSoup(response.content, "html.parser")
    return [one.get_text(" ", strip=True) for one in page.select(".messages li")]


def bounced(address: str, until: datetime | None = None) -> Suppression:
    return suppress(address=address, reason=SuppressionReason.BOUNCED, note="550 <b>", until=until)


def test_each_entry_of_the_list_leads_to_its_own_page(staff: Client) -> None:
    entries = [bounced("b@example.org"), bounced("c@example.org")]
    lapsed_one = bounced("gone@example.org")
    Suppression.objects.filter(pk=lapsed_one.pk).update(address="")
    page = BeautifulSoup(staff.get(INDEX).content, "html.parser")
    links = {one.get_text(strip=True): one["href"] for one in page.select("tbody td.title a")}
    erased = f"erased ({lapsed_one.address_hash[:12]}…)"
    assert links == {
        **{one.address: f"{INDEX}{one.pk}/" for one in entries},
        erased: f"{INDEX}{lapsed_one.pk}/",
    }
    assert staff.get(links[erased]).status_code == 200


def test_the_list_shows_reason_note_and_term(staff: Client, time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    bounced("ana@city.example", until=now + timedelta(days=1))
    assert rows(staff.get(INDEX)) == [
        [
            "ana@city.example",
            "mail to it comes back for good",
            "550 <b>",
            f"{now:%Y-%m-%d %H:%M}",
            f"{now + timedelta(days=1):%Y-%m-%d %H:%M}",
        ]
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?reason=asked", {"bo@city.example"}),
        ("?in_force=yes", {"bo@city.example"}),
        ("?in_force=no", {"ana@city.example"}),
        ("?q=ANA@", {"ana@city.example"}),
    ],
)
def test_the_list_can_be_filtered_and_searched(staff: Client, query: str, expected: set[str]) -> None:
    lapsed(bounced("ana@city.example"))
    suppress(address="bo@city.example", reason=SuppressionReason.ASKED)
    assert {row[0] for row in rows(staff.get(INDEX + query))} == expected


def test_an_erased_address_is_found_by_who_knows_it_and_named_to_nobody(staff: Client) -> None:
    entry = bounced("ana@city.example")
    erase_suppressions(subject=Subject(None, ("ana@city.example",)))
    assert [row[0] for row in rows(staff.get(f"{INDEX}?q=Ana@city.example"))] == [
        f"erased ({entry.address_hash[:12]}…)"
    ]
    page = staff.get(f"{INDEX}{entry.pk}/").content.decode()
    assert "ana@city.example" not in page
    assert "erased; only its hash is kept" in page


def test_an_address_is_put_on_the_list_and_taken_off_with_a_reason_each(staff: Client) -> None:
    form = {"address": "Ana@city.example", "reason": "staff", "note": "insults", "until": ""}
    answer = staff.post(f"{INDEX}put-on/", form)
    entry = Suppression.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{INDEX}{entry.pk}/")
    assert (entry.address, entry.reason, entry.expires_at) == ("Ana@city.example", "staff", None)
    assert staff.post(f"{INDEX}{entry.pk}/take-off/", {"note": ""}).status_code == 200
    assert Suppression.objects.count() == 1
    assert staff.post(f"{INDEX}{entry.pk}/take-off/", {"note": "apologised"}).status_code == 302
    assert not Suppression.objects.exists()
    changes = SuppressionChange.objects.order_by("id").values_list("step", "note", "by__email")
    email = staff.session["account_authentication_methods"][0]["email"]
    assert list(changes) == [("added", "insults", email), ("removed", "apologised", email)]


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ([], "The address is off the list."),
        (["staff"], "This entry is off the list; the address stays on it: staff decided so."),
        (
            ["staff", "complained"],
            "This entry is off the list; the address stays on it: somebody there called our mail spam, staff decided so.",
        ),
    ],
)
def test_who_takes_one_entry_off_is_told_what_still_keeps_the_address_there(
    staff: Client, others: list[str], sentence: str
) -> None:
    for reason in others:
        suppress(address="ana@city.example", reason=SuppressionReason(reason))
    # Neither an entry that has ended nor one of another address keeps it there.
    lapsed(bounced("ana@city.example"))
    bounced("bo@city.example")
    entry = suppress(address="ana@city.example", reason=SuppressionReason.ASKED)
    assert told(staff.post(f"{INDEX}{entry.pk}/take-off/", {"note": "n"}, follow=True)) == [sentence]
    again = staff.post(f"{INDEX}{entry.pk}/take-off/", {"note": "n"}, follow=True)
    assert told(again) == ["This entry is off the list."]


def test_who_takes_an_entry_off_in_the_same_moment_as_a_colleague_is_told_of_no_step_of_their_own(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = bounced("ana@city.example")

    def take_off_second(**said: Any) -> bool:
        take_off(suppression_id=entry.pk, note="The colleague was faster.")
        return take_off(**said)

    monkeypatch.setattr(suppressions, "take_off", take_off_second)
    page = staff.post(f"{INDEX}{entry.pk}/take-off/", {"note": "n"}, follow=True)
    assert told(page) == ["This entry is off the list."]
    assert SuppressionChange.objects.filter(step="removed").get().note == "The colleague was faster."


@pytest.mark.parametrize(
    ("entry", "other", "sentence"),
    [
        ("staff", None, "No mail is sent to this address."),
        ("asked", None, "Only mail that the person asks for is sent."),
        ("complained", "asked", "Only mail that the person asks for is sent."),
        ("asked", "bounced", "No mail is sent to this address."),
        ("lapsed", None, "This has expired: mail is sent to this address again."),
        (
            "lapsed",
            "asked",
            (
                "This has expired, but the address stays on the list: somebody there asked us not to write."
                " Only mail that the person asks for is sent."
            ),
        ),
    ],
)
def test_the_page_of_an_entry_tells_what_mail_still_reaches_the_address(
    staff: Client, entry: str, other: str | None, sentence: str
) -> None:
    made = (
        lapsed(bounced("ana@city.example"))
        if entry == "lapsed"
        else suppress(address="ana@city.example", reason=SuppressionReason(entry))
    )
    if other is not None:
        suppress(address="ana@city.example", reason=SuppressionReason(other))
    page = BeautifulSoup(staff.get(f"{INDEX}{made.pk}/").content, "html.parser")
    assert page.select_one(".help-info").get_text(" ", strip=True) == sentence


def test_the_history_names_nobody_for_a_step_whose_author_is_not_known(staff: Client) -> None:
    author = editor(display_name="Mia Staff")
    entry = bounced("ana@city.example")
    suppress(address="ana@city.example", reason=SuppressionReason.STAFF, by=author)
    gone = suppress(address="ana@city.example", reason=SuppressionReason.COMPLAINED)
    take_off(suppression_id=gone.pk, note="")
    erase_suppressions(subject=Subject(None, ("ana@city.example",)))

    def authors() -> list[tuple[str, str]]:
        steps = rows(staff.get(f"{INDEX}{entry.pk}/"))
        return [(step, by) for _when, step, _reason, by, _note in steps]

    rest = [("put on the list", "the system")]
    assert authors() == [("taken off the list", "–"), *rest, ("put on the list", "Mia Staff"), *rest]
    author.delete()
    assert authors() == [("taken off the list", "–"), *rest, ("put on the list", "–"), *rest]


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2026-12-11", "Choose a day after today."),
        ("2026-12-12", "Choose a day after today."),
        ("9999-12-31", "Choose a year between 2000 and 2100."),
        ("0001-01-01", "Choose a year between 2000 and 2100."),
    ],
)
def test_a_day_that_has_come_or_never_will_is_refused_and_ends_nothing(
    at_noon: None, staff: Client, until: str, sentence: str
) -> None:
    suppress(address="ana@city.example", reason=SuppressionReason.STAFF)
    form = {"address": "ana@city.example", "reason": "staff", "note": "n", "until": until}
    answer = staff.post(f"{INDEX}put-on/", form)
    assert (answer.status_code, sentence in answer.content.decode()) == (200, True)
    assert Suppression.objects.get().expires_at is None


def test_an_address_is_suppressed_until_the_end_of_the_day(at_noon: None, staff: Client) -> None:
    form = {"address": "ana@city.example", "reason": "staff", "note": "n", "until": "2026-12-13"}
    assert staff.post(f"{INDEX}put-on/", form).status_code == 302
    assert Suppression.objects.get().expires_at == datetime(2026, 12, 14, tzinfo=UTC)
    assert staff.post(f"{INDEX}put-on/", {**form, "until": ""}).status_code == 302
    assert staff.post(f"{INDEX}put-on/", form).status_code == 302
    assert Suppression.objects.get().expires_at is None


@pytest.mark.parametrize("address", ["", "nobody", "a@x.example, b@x.example", "a@x.example\nb"])
def test_what_is_no_address_is_refused(staff: Client, address: str) -> None:
    answer = staff.post(f"{INDEX}put-on/", {"address": address, "reason": "staff", "note": "n"})
    assert answer.status_code == 200
    assert not Suppression.objects.exists()


def test_who_may_only_look_can_neither_add_nor_take_off(client: Client) -> None:
    viewer = may(client, "view_suppression")
    entry = bounced("ana@city.example")
    page = viewer.get(f"{INDEX}{entry.pk}/")
    assert page.status_code == 200
    assert "take-off" not in page.content.decode()
    assert "put-on" not in viewer.get(INDEX).content.decode()
    viewer.post(f"{INDEX}put-on/", {"address": "bo@city.example", "reason": "staff", "note": "n"})
    viewer.post(f"{INDEX}{entry.pk}/take-off/", {"note": "n"})
    assert list(Suppression.objects.values_list("address", flat=True)) == ["ana@city.example"]


def test_an_editor_without_the_right_sees_nothing(client: Client) -> None:
    entry = bounced("ana@city.example")
    stranger = sign_in(client, editor())
    for address in (INDEX, f"{INDEX}{entry.pk}/", f"{INDEX}put-on/", f"{INDEX}{entry.pk}/take-off/"):
        answer = stranger.get(address)
        assert answer.status_code == 302
        assert "ana@city.example" not in answer.content.decode()


def test_taking_off_by_a_link_alone_changes_nothing(staff: Client) -> None:
    entry = bounced("ana@city.example")
    assert staff.get(f"{INDEX}{entry.pk}/take-off/").status_code == 200
    assert Suppression.objects.filter(pk=entry.pk).exists()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(staff: Client, number: int, django_assert_num_queries) -> None:
    for n in range(number):
        bounced(f"p{n}@city.example")
    staff.get(INDEX)
    with django_assert_num_queries(11):
        staff.get(INDEX)


@pytest.mark.parametrize("number", [1, 3])
def test_an_entry_costs_the_same_for_one_step_and_for_three(
    staff: Client, number: int, django_assert_num_queries
) -> None:
    for step in range(number):
        by = PersonFactory(display_name=f"Clerk {step}")
        entry = suppress(address="ana@city.example", reason=SuppressionReason.STAFF, note=f"Call {step}", by=by)
    staff.get(f"{INDEX}{entry.pk}/")
    with django_assert_num_queries(12):
        steps = rows(staff.get(f"{INDEX}{entry.pk}/"))
    assert [row[3:] for row in steps] == [[f"Clerk {step}", f"Call {step}"] for step in reversed(range(number))]


def test_who_puts_an_objection_on_the_list_is_told_what_else_ends(staff: Client) -> None:
    sentence = "Where somebody there asked us not to write, the newsletter subscription then ends too."
    assert sentence in staff.get(f"{INDEX}put-on/").content.decode()


@pytest.mark.parametrize(
    ("reason", "is_for_good", "is_said"),
    [("asked", True, True), ("asked", False, False), ("staff", True, False)],
)
def test_who_takes_an_objection_off_is_told_that_no_subscription_comes_back(
    staff: Client, reason: str, is_for_good: bool, is_said: bool
) -> None:
    until = None if is_for_good else clock.now() + timedelta(days=30)
    entry = suppress(address="ana@city.example", reason=SuppressionReason(reason), until=until)
    page = staff.get(f"{INDEX}{entry.pk}/take-off/").content.decode()
    assert "Mail can be sent to this address again, unless it is on the list for another reason too." in page
    assert ("No subscription comes back: who wants the newsletter again subscribes anew." in page) == is_said
