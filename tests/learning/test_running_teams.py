"""A city's teams that are under way: they keep its only coordinator, and whoever takes over is led to them."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from core import clock
from learning import running
from learning.models import Cohort, Enrolment
from learning.services import call_off_cohort, withdraw_teams
from mail import rendering
from mail.models import Message
from municipalities import services
from municipalities.errors import TeamNeedsCoordinator, TeamOutlastsCoordinators
from municipalities.models import Membership
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

REFUSED = (
    "You are the only coordinator and your team takes part in a course. Make a colleague coordinator first, or "
    "withdraw the team."
)
OUTLASTS = (
    "Your team takes part in a course for longer than any other coordinator stays. Make a colleague coordinator first, "
    "or withdraw the team."
)
ALONE = "You are the only coordinator: nobody can enrol colleagues then"


@pytest.fixture
def own() -> Membership:
    return cities.coordinator()


@pytest.fixture
def cohort(own: Membership) -> Cohort:
    cohort = make.cohort(name="Spring <2030>", slug="spring")
    make.team(cohort, "Ana", "Bo", coordinator=own)
    return cohort


def leave(own: Membership) -> None:
    services.end_membership(membership_id=own.pk, by=own.person)
    own.refresh_from_db()


def test_the_only_coordinator_cannot_leave_a_team_behind_and_reads_why(own, cohort):
    with pytest.raises(TeamNeedsCoordinator, match=REFUSED):
        leave(own)
    browser = sign_in(Client(), own.person)
    assert unescape(browser.get("/en/my/cities/").content.decode()).count(REFUSED) == 1
    assert browser.post(f"/en/my/cities/{own.pk}/end/", {"ends_on": ""}).status_code == 409
    own.refresh_from_db()
    assert own.state == "approved"


def _withdrawn(own: Membership, cohort: Cohort) -> None:
    withdraw_teams(team_ids=[cohort.teams.get().pk], by=own.person)


def _called_off(own: Membership, cohort: Cohort) -> None:
    call_off_cohort(cohort_id=cohort.pk)


def _completed(own: Membership, cohort: Cohort) -> None:
    Enrolment.objects.update(state="completed", joined_at=clock.now(), ended_at=clock.now())


def _handed_over(own: Membership, cohort: Cohort) -> None:
    member = cities.membership(local_government=own.local_government)
    services.make_coordinator(membership_id=member.pk, by=own.person)


@pytest.mark.parametrize("first", [_withdrawn, _called_off, _completed, _handed_over])
def test_once_the_team_needs_nobody_or_somebody_else_has_it_a_coordinator_leaves(own, cohort, first):
    first(own, cohort)
    leave(own)
    assert own.state == "ended"


@pytest.mark.parametrize(("days", "may"), [(-1, False), (0, True), (1, True)])
def test_a_coordinator_leaves_where_another_one_stays_as_long_as_the_team_runs(own, cohort, days, may):
    later = make.cohort(starts_on=cohort.starts_on + timedelta(days=9))
    make.team(later, "Cy", coordinator=own)
    cities.coordinator(local_government=own.local_government, ends_on=later.ends_on + timedelta(days=days))
    browser = sign_in(Client(), own.person)
    html = unescape(browser.get("/en/my/cities/").content.decode())
    answer = browser.post(f"/en/my/cities/{own.pk}/end/", {"ends_on": ""})
    own.refresh_from_db()
    said = [html.count(OUTLASTS), html.count(f'action="/en/my/cities/{own.pk}/end/"'), html.count(ALONE)]
    assert (answer.status_code, own.state, said) == ((303, "ended", [0, 1, 0]) if may else (409, "approved", [1, 1, 0]))
    assert unescape(answer.content.decode()).count(OUTLASTS) == (0 if may else 3)


def test_two_coordinators_cannot_both_note_a_last_day_before_the_team_is_over(own, cohort):
    other = cities.coordinator(local_government=own.local_government)
    noted = services.end_membership(membership_id=other.pk, by=other.person, ends_on=cohort.ends_on - timedelta(days=1))
    assert noted.ends_on == cohort.ends_on - timedelta(days=1)
    for last in (None, noted.ends_on, cohort.ends_on - timedelta(days=2)):
        with pytest.raises(TeamOutlastsCoordinators, match=OUTLASTS):
            services.end_membership(membership_id=own.pk, by=own.person, ends_on=last)
    own.refresh_from_db()
    assert (own.state, own.ends_on) == ("approved", None)


@pytest.mark.parametrize("ahead", [0, 9])
def test_a_coordinator_who_has_noted_a_last_day_cannot_end_the_one_who_stays(own, cohort, ahead):
    other = cities.coordinator(local_government=own.local_government)
    today = clock.now().date()
    # Who notes a last day of today is here until the day is over.
    services.end_membership(membership_id=own.pk, by=own.person, ends_on=today + timedelta(days=ahead))
    browser = sign_in(Client(), own.person)
    for last in ("", today + timedelta(days=ahead), cohort.ends_on - timedelta(days=1)):
        answer = browser.post(f"/en/my/cities/{other.pk}/end/", {"ends_on": str(last)})
        other.refresh_from_db()
        assert (answer.status_code, other.state, other.ends_on) == (409, "approved", None)
        html = unescape(answer.content.decode())
        assert (html.count(f'<p class="field__error">{OUTLASTS}</p>'), REFUSED in html) == (1, False)
    assert not Message.objects.filter(kind__startswith="membership-").exists()
    services.end_membership(membership_id=other.pk, by=own.person, ends_on=cohort.ends_on)
    other.refresh_from_db()
    assert other.ends_on == cohort.ends_on


@pytest.mark.parametrize("who", ["who stays", "staff", "of a closed account"])
def test_a_coordinator_is_ended_where_somebody_goes_on_or_staff_see_what_waits_or_nobody_is_lost(own, cohort, who):
    other = cities.coordinator(local_government=own.local_government)
    if who != "who stays":
        Membership.objects.filter(pk=own.pk).update(ends_on=clock.now().date() + timedelta(days=9))
    if who == "of a closed account":
        type(other.person).objects.filter(pk=other.person_id).update(is_active=False)
    by = PersonFactory(admin=True) if who == "staff" else own.person
    services.end_membership(membership_id=other.pk, by=by)
    other.refresh_from_db()
    assert other.state == "ended"


def test_a_cohort_that_is_over_keeps_nobody(own, cohort):
    with time_machine.travel(clock.now() + timedelta(days=400), tick=False):
        leave(own)
    assert own.state == "ended"


def test_a_team_of_another_city_keeps_nobody(cohort):
    other = cities.coordinator()
    leave(other)
    assert other.state == "ended"


def test_who_takes_over_is_led_to_the_teams_by_mail_and_on_the_page(own, cohort, settings):
    member = cities.membership(local_government=own.local_government, person=PersonFactory(language="fr"))
    services.make_coordinator(membership_id=member.pk, by=own.person)
    content = rendering.render(Message.objects.get(kind="membership-coordinator"))
    address = f"/my/teams/spring/{own.local_government.slug}/"
    assert f"\u2068Spring <2030>\u2069\u00a0:\n{settings.BASE_URL}/fr{address}\n" in content.text
    assert re.search(
        rf'<a href="{settings.BASE_URL}/fr{address}"[^>]*>\u2068Spring &lt;2030&gt;\u2069</a>', content.html
    )
    browser = sign_in(Client(), member.person)
    html = browser.get("/en/my/cities/").content.decode()
    assert html.count(f'<ul class="stack-s"><li><a href="/en{address}"><bdi>Spring &lt;2030&gt;</bdi></a>') == 1
    assert browser.get(f"/en{address}").status_code == 200


def test_who_is_approved_where_somebody_left_teams_is_led_to_them_too(own, cohort):
    services.end_membership(membership_id=own.pk, by=PersonFactory(admin=True))
    asked = cities.coordinator(state="asked", local_government=own.local_government)
    services.approve_membership(membership_id=asked.pk, by=PersonFactory(admin=True))
    content = rendering.render(Message.objects.get(kind="membership-approved"))
    assert "Teams in courses that you coordinate now:\n\n\u2068Spring <2030>\u2069:\n" in content.text


@pytest.mark.parametrize("number", [1, 3])
def test_running_teams_cost_one_statement_and_drafts_are_none(number, django_assert_num_queries):
    coordinators = [cities.coordinator() for _one in range(number)]
    cohort = make.cohort(name="Spring")
    for one in coordinators:
        make.team(cohort, "Ana", coordinator=one)
        make.team(cohort, "Bo", coordinator=one)
    draft = cities.coordinator(state="asked")
    make.team(cohort, "Cy", coordinator=draft)
    keys = [one.local_government_id for one in [*coordinators, draft]]
    with django_assert_num_queries(1):
        found = running.of_cities(keys)
    assert {key: [one.label for one in teams] for key, teams in found.items()} == {key: ["Spring"] for key in keys[:-1]}
