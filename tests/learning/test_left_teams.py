"""Teams under way that nobody coordinates any more: staff find them above the queue of requests, and in its count."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Channel
from accounts.services import erase, subject_of
from core import clock
from learning.models import Cohort
from learning.services import call_off_cohort
from municipalities import services
from municipalities.models import Membership
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

HEADING = "Teams that nobody coordinates"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, editor())


def queue(staff: Client) -> str:
    return unescape(staff.get(reverse("membership_queue")).content.decode())


def left(html: str) -> list[list[str]]:
    """Return each city with its teams, as the list says them."""
    rows = re.findall(r'<li id="left-\d+">(.*?)</li>', html, re.DOTALL)
    return [re.findall(r"<bdi>(.*?)</bdi>", row) for row in rows]


def counted(html: str) -> str:
    """Return the number behind the queue's name in the menu; empty where there is none."""
    found = re.search(r"City requests \((\d+)\)", html)
    return found.group(1) if found else ""


def with_teams(name: str, *cohorts: str) -> Membership:
    """Make a city with a team in some cohorts, and return its coordinator's membership."""
    by = cities.coordinator(local_government=cities.local_government(name=name))
    for cohort in cohorts:
        make.team(make.cohort(name=cohort), "Ana", coordinator=by)
    return by


def end(membership: Membership) -> None:
    services.end_membership(membership_id=membership.pk, by=PersonFactory(admin=True))


def test_a_city_whose_coordinator_is_gone_while_its_team_runs_is_shown_and_counted(staff):
    here = with_teams("Oslo & Bærum", "Spring", "Autumn")
    gone, closed = with_teams("Aarhus", "Winter"), with_teams("Bergen", "Summer")
    for kept in ("Coordinated", "Nobody's and without a team"):
        with_teams(kept, *(["Late"] if kept == "Coordinated" else []))
    html = queue(staff)
    assert (left(html), HEADING in html, counted(html)) == ([], False, "")
    end(here)
    erase(subject=subject_of(gone.person), channel=Channel.SELF)
    type(closed.person).objects.filter(pk=closed.person_id).update(is_active=False)
    end(Membership.objects.get(local_government__name="Nobody's and without a team"))
    html = queue(staff)
    assert left(html) == [["Aarhus", "Winter"], ["Bergen", "Summer"], ["Oslo & Bærum", "Spring", "Autumn"]]
    assert (html.count(HEADING), counted(html)) == (1, "3")


def test_the_name_of_a_city_leads_to_those_who_can_be_made_its_coordinator(staff):
    own = with_teams("Oslo & Bærum", "Spring")
    member = cities.membership(local_government=own.local_government)
    end(own)
    [address] = re.findall(
        r'<li id="left-\d+"><a href="([^"]+)"', staff.get(reverse("membership_queue")).content.decode()
    )
    people = staff.get(unescape(address)).content.decode()
    assert reverse("memberships:appoint", args=[member.pk]) in people
    services.make_coordinator(membership_id=member.pk, by=PersonFactory(admin=True))
    html = queue(staff)
    assert (left(html), counted(html)) == ([], "")


def test_what_nobody_need_coordinate_is_not_shown(staff):
    own = with_teams("Oslo", "Spring", "Autumn")
    make.team(make.cohort(), "Bo", coordinator=cities.coordinator(state="asked"))
    end(own)
    assert left(queue(staff)) == [["Oslo", "Spring", "Autumn"]]
    call_off_cohort(cohort_id=Cohort.objects.get(name="Spring").pk)
    assert left(queue(staff)) == [["Oslo", "Autumn"]]
    today = clock.now().date()
    Cohort.objects.filter(name="Autumn").update(
        starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=3), closes_at=None
    )
    assert left(queue(staff)) == []


@pytest.mark.parametrize("number", [1, 3])
def test_they_cost_the_same_however_many_there_are(staff, number, django_assert_num_queries):
    for name in range(number):
        end(with_teams(f"City {name}", "Spring", "Autumn"))
    queue(staff)
    with django_assert_num_queries(12):
        assert len(left(queue(staff))) == number


def warned(staff: Client, own: Membership) -> list[str]:
    """Return the teams that the page names on which staff end a membership."""
    html = unescape(staff.get(reverse("memberships:end", args=[own.pk])).content.decode())
    found = re.search(r"Teams that nobody would coordinate until their end: (.*?)\.\s*</p>", html)
    return found.group(1).split(", ") if found else []


def test_staff_read_which_teams_they_leave_without_a_coordinator_before_they_end_a_membership(staff):
    own = with_teams("Oslo", "Spring & more", "Autumn")
    later = Cohort.objects.get(name="Autumn")
    Cohort.objects.filter(pk=later.pk).update(ends_on=later.ends_on + timedelta(days=9))
    with_teams("Aarhus", "Winter")
    member = cities.membership(local_government=own.local_government)
    assert (warned(staff, own), warned(staff, member)) == (["\u2068Spring & more\u2069", "\u2068Autumn\u2069"], [])
    other = cities.coordinator(local_government=own.local_government, ends_on=later.ends_on)
    assert warned(staff, own) == ["\u2068Autumn\u2069"]
    Membership.objects.filter(pk=other.pk).update(ends_on=None)
    assert warned(staff, own) == []


@pytest.mark.parametrize("number", [1, 3])
def test_naming_them_costs_the_same_however_many_there_are(staff, number, django_assert_num_queries):
    own = with_teams("Oslo", *[f"Cohort {step}" for step in range(number)])
    warned(staff, own)
    with django_assert_num_queries(12):
        assert len(warned(staff, own)) == number
