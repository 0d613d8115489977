"""The staff's list of all memberships: what it shows, finds and exports, and ending one in the name of staff."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from accounts import roles
from core import clock
from core.services import purging
from mail.models import Message
from municipalities.admin import memberships
from municipalities.models import Membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

INDEX = "memberships:index"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, editor())


def rows(client: Client, **query: str) -> list[list[str]]:
    """Return the words of each row's cells."""
    html = client.get(reverse("memberships:index_results"), query).content.decode()
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip() for cell in row] for row in cells]


def several() -> list[Membership]:
    oslo = make.local_government(name="Oslo", names={"ar": "أوسلو"})
    ana = PersonFactory(display_name="Ana Silva", email="ana@oslo.example")
    return [
        make.coordinator(
            person=ana,
            local_government=oslo,
            department="=1+1",
            asked_at=datetime(2026, 1, 9, 8, tzinfo=UTC),
            starts_on=date(2026, 2, 1),
            ends_on=date(2096, 5, 31),
        ),
        make.membership(person=PersonFactory(display_name="Bo Berg"), local_government=oslo, state="asked"),
        make.membership(person=PersonFactory(display_name="Cy Ek"), department="Klimat", state="declined"),
    ]


def test_the_list_shows_person_city_role_department_state_and_dates(staff):
    several()
    row = next(row for row in rows(staff) if row[0].startswith("Ana"))
    assert row[1:] == [
        "ana@oslo.example",
        "Oslo",
        "Coordinator",
        "=1+1",
        "Approved",
        "2026-01-09 08:00",
        "Feb. 1, 2026",
        "May 31, 2096",
    ]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"state": "asked"}, {"Bo"}),
        ({"role": "coordinator"}, {"Ana"}),
        ({"q": "ana@"}, {"Ana"}),
        ({"q": "berg"}, {"Bo"}),
        ({"q": "klim"}, {"Cy"}),
        ({"q": "اوسلو"}, {"Ana", "Bo"}),
    ],
)
def test_the_list_is_narrowed_and_searched(staff, query, left):
    several()
    assert {row[0].split(" ")[0] for row in rows(staff, **query)} == left


def test_the_spreadsheet_equals_the_screen_and_runs_no_formula(staff):
    several()
    response = staff.get(reverse(INDEX), {"export": "csv", "role": "coordinator"})
    table = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert table == [
        ["Person", "E-mail address", "City", "Role", "Department", "State", "Asked", "From", "Until"],
        [
            "Ana Silva",
            "ana@oslo.example",
            "Oslo",
            "Coordinator",
            "'=1+1",
            "Approved",
            "2026-01-09 08:00",
            "2026-02-01",
            "2096-05-31",
        ],
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(staff, number, django_assert_num_queries):
    for _ in range(number):
        make.membership()
    staff.get(reverse(INDEX))
    with django_assert_num_queries(11):
        staff.get(reverse(INDEX))


def test_a_membership_may_end_with_the_calendar(staff):
    going = make.coordinator()
    assert staff.post(reverse("memberships:end", args=[going.pk]), {"ends_on": "9999-12-31"}).url == reverse(INDEX)
    going.refresh_from_db()
    assert (going.state, going.ends_on) == ("approved", date(9999, 12, 31))
    assert "9999" in staff.get(reverse(INDEX)).content.decode()
    purging.purge()


@pytest.mark.usefixtures("time")
def test_staff_end_the_membership_of_a_coordinator_who_has_left_so_that_the_next_request_reaches_them(staff):
    gone = make.coordinator()
    asked = make.coordinator(state="asked", local_government=gone.local_government)
    assert not Membership.objects.waiting_for_staff().exists()
    assert staff.get(reverse("memberships:end", args=[gone.pk])).status_code == 200
    before = (gone.starts_on - timedelta(days=1)).isoformat()
    refused = staff.post(reverse("memberships:end", args=[gone.pk]), {"ends_on": before})
    assert (refused.status_code, "The last day cannot lie before the first." in refused.content.decode()) == (409, True)
    assert staff.post(reverse("memberships:end", args=[gone.pk]), {"ends_on": ""}).url == reverse(INDEX)
    gone.refresh_from_db()
    assert (gone.state, gone.ends_on) == ("ended", clock.now().date())
    assert list(Message.objects.values_list("kind", "to_address")) == [("membership-ended", gone.person.email)]
    assert list(Membership.objects.waiting_for_staff()) == [asked]


def test_staff_make_a_member_the_coordinator_of_a_team_that_has_none(staff):
    member = make.membership()
    door = reverse("memberships:appoint", args=[member.pk])
    assert f'href="{door}"' in staff.get(reverse(INDEX)).content.decode()
    assert staff.get(door).status_code == 200
    member.refresh_from_db()
    assert member.role == "member"
    assert staff.post(door).url == reverse(INDEX)
    member.refresh_from_db()
    assert member.role == "coordinator"
    assert list(Message.objects.values_list("kind", "to_address")) == [("membership-coordinator", member.person.email)]
    assert f'href="{door}"' not in staff.get(reverse(INDEX)).content.decode()


def test_requests_reach_staff_where_the_only_coordinators_account_is_closed():
    gone = make.coordinator()
    asked = make.coordinator(state="asked", local_government=gone.local_government)
    assert not Membership.objects.waiting_for_staff().exists()
    gone.person.is_active = False
    gone.person.save()
    assert list(Membership.objects.waiting_for_staff()) == [asked]


def test_what_waits_for_a_decision_or_is_over_is_not_ended_here(staff):
    approved, asked, _declined = several()
    html = staff.get(reverse(INDEX)).content.decode()
    assert re.findall(r'href="([^"]*/end/)"', html) == [reverse("memberships:end", args=[approved.pk])]
    refused = staff.post(reverse("memberships:end", args=[asked.pk]), {"ends_on": ""})
    said = "This request waits for a decision: approve it, or decline it with a reason."
    assert (refused.status_code, said in refused.content.decode()) == (409, True)
    asked.refresh_from_db()
    assert (asked.state, Message.objects.count()) == ("asked", 0)


@pytest.mark.parametrize("who", ["visitor", "person", roles.EVENT_MANAGERS])
def test_who_may_not_decide_reads_nobody_and_ends_nothing(client, who):
    membership = make.membership(person=PersonFactory(display_name="Ana Silva"))
    if who != "visitor":
        sign_in(client, PersonFactory(groups=[who], is_staff=who in roles.ROLES))
    doors = [reverse(f"memberships:{verb}", args=[membership.pk]) for verb in ("end", "appoint")]
    for address in (reverse(INDEX), reverse(INDEX) + "?export=csv", *doors):
        away = "/admin/" if who in roles.ROLES else f"/_/sign-in/?next={quote(address)}"
        for answer in (client.get(address), client.post(address, {"ends_on": ""})):
            assert (answer.status_code, answer["Location"]) == (302, away)
            assert "Ana Silva" not in answer.content.decode()
    membership.refresh_from_db()
    assert (membership.state, membership.role) == ("approved", "member")


@pytest.mark.parametrize("verb", ["end", "appoint"])
def test_a_membership_whose_person_is_erased_while_staff_act_is_not_called_a_request(staff, monkeypatch, verb):
    member = make.membership()
    act = getattr(memberships, service := {"end": "end_membership", "appoint": "make_coordinator"}[verb])

    def erased_first(**given: object) -> object:
        member.person.delete()
        return act(**given)

    monkeypatch.setattr(memberships, service, erased_first)
    answer = staff.post(reverse(f"memberships:{verb}", args=[member.pk]), {"ends_on": ""})
    html = answer.content.decode()
    assert (answer.status_code, "This membership is gone." in html, "request is gone" in html) == (409, True, False)
