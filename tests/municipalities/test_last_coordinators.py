"""The only coordinator: who keeps them, what warns them, and what staff may do all the same."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Channel
from accounts.services import erase, subject_of
from core import clock
from municipalities import services
from municipalities.errors import RequestNeedsCoordinator, RequestOutlastsCoordinators
from municipalities.models import Membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, sign_in
from tests.municipalities.told import mails

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]

MINE = "/en/my/cities/"
REFUSED = (
    "You are the only coordinator and a colleague waits for your decision. Decide first, or make a colleague "
    "coordinator."
)
OUTLASTS = (
    "A colleague waits for a decision, and afterwards nobody would be left to take it. Decide first, or make a "
    "colleague coordinator."
)
WARNING = "You are the only coordinator: nobody can enrol colleagues then"


@pytest.fixture
def own() -> Membership:
    return make.coordinator()


@pytest.fixture
def waiting(own: Membership) -> Membership:
    return make.membership(state="asked", local_government=own.local_government)


@pytest.mark.parametrize("ahead", [None, 0, 30])
def test_the_only_coordinator_cannot_leave_who_waits_behind(own, waiting, heard, ahead):
    last = None if ahead is None else clock.now().date() + timedelta(days=ahead)
    with pytest.raises(RequestNeedsCoordinator):
        services.end_membership(membership_id=own.pk, by=own.person, ends_on=last)
    own.refresh_from_db()
    assert (own.state, own.ends_on, heard) == ("approved", None, [])


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, True),
        ({"ends_in": 9}, True),
        ({"ends_in": 0}, False),
        ({"role": "member"}, False),
        ({"state": "asked"}, False),
        ({"is_active": False}, False),
    ],
)
def test_a_coordinator_leaves_where_another_one_goes_on(own, waiting, fields, may):
    ends_on = clock.now().date() + timedelta(days=fields.pop("ends_in")) if "ends_in" in fields else None
    person = PersonFactory(is_active=fields.pop("is_active", True))
    make.coordinator(person=person, local_government=own.local_government, ends_on=ends_on, **fields)
    answer = sign_in(Client(), own.person).post(f"{MINE}{own.pk}/end/", {"ends_on": ""})
    own.refresh_from_db()
    assert (answer.status_code, own.state) == ((303, "ended") if may else (409, "approved"))


def test_a_colleague_cannot_be_ended_by_whom_nobody_would_be_left_to_decide_who_waits(own, waiting, heard):
    today = clock.now().date()
    other = make.coordinator(local_government=own.local_government, ends_on=today + timedelta(days=3))
    with pytest.raises(RequestOutlastsCoordinators, match=OUTLASTS):
        services.end_membership(membership_id=own.pk, by=other.person, ends_on=today + timedelta(days=3))
    own.refresh_from_db()
    assert (own.state, own.ends_on, heard, mails()) == ("approved", None, [], [])
    # Whoever ends it still decides for three days.
    services.end_membership(membership_id=own.pk, by=other.person)
    own.refresh_from_db()
    assert own.state == "ended"


def test_a_request_of_another_city_or_a_decided_one_keeps_nobody(own):
    make.membership(state="asked")
    make.membership(state="declined", local_government=own.local_government)
    services.end_membership(membership_id=own.pk, by=own.person)
    own.refresh_from_db()
    assert own.state == "ended"


def test_the_page_says_beforehand_why_the_only_coordinator_cannot_leave_today(own, waiting):
    browser = sign_in(Client(), own.person)
    html = unescape(browser.get(MINE).content.decode())
    assert (html.count(REFUSED), f'action="{MINE}{own.pk}/end/"' in html, WARNING in html) == (1, True, False)
    answer = browser.post(f"{MINE}{own.pk}/end/", {"ends_on": ""})
    summary = unescape(answer.content.decode()).partition("<h2")[2].partition("</ul>")[0]
    assert (answer.status_code, re.findall(r'href="#([^"]+)"', summary)) == (409, [f"membership-{own.pk}"])


def test_who_may_leave_as_the_last_one_is_warned_and_nobody_else(own):
    def page(membership: Membership) -> tuple[bool, bool]:
        html = sign_in(Client(), membership.person).get(MINE).content.decode()
        return WARNING in html, f'action="{MINE}{membership.pk}/end/"' in html

    member = make.membership(local_government=own.local_government)
    assert (page(own), page(member)) == ((True, True), (False, True))
    make.coordinator(local_government=own.local_government)
    assert page(own) == (False, True)


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_city_and_for_three(number, django_assert_num_queries):
    person = PersonFactory()
    for _one in range(number):
        city = make.coordinator(person=person).local_government
        make.membership(state="asked", local_government=city)
    browser = sign_in(Client(), person)
    browser.get(MINE)
    with django_assert_num_queries(7):
        assert browser.get(MINE).content.decode().count(REFUSED) == number


def test_staff_end_the_last_coordinators_membership_and_are_warned(own, waiting):
    staff = sign_in(Client(), PersonFactory(admin=True))
    address = reverse("memberships:end", args=[own.pk])
    alone = "Nobody else coordinates this city's team: its requests come to staff until somebody does."
    assert alone in unescape(staff.get(address).content.decode())
    other = make.coordinator(local_government=own.local_government)
    assert alone not in unescape(staff.get(address).content.decode())
    other.delete()
    assert staff.post(address, {"ends_on": ""}).status_code == 302
    own.refresh_from_db()
    assert (own.state, mails()) == ("ended", [("membership-ended", own.person.email)])
    assert list(Membership.objects.waiting_for_staff()) == [waiting]


def test_the_only_coordinators_account_is_erased_all_the_same_and_staff_get_the_request(own, waiting):
    assert not Membership.objects.waiting_for_staff().exists()
    erase(subject=subject_of(own.person), channel=Channel.SELF)
    assert list(Membership.objects.waiting_for_staff()) == [waiting]
