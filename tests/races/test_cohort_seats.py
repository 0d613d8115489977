"""Races for seats in cohorts on a real database; each with a control that takes the lock away and must go wrong."""

from collections import Counter

import pytest

from learning.models import Cohort
from learning.services import (
    apply_alone,
    enrolling,
    lapse_drafts,
    leaving,
    promote_from_waiting_list,
    promoting,
    replace,
    sending,
    withdraw_enrolment,
)
from mail.models import Message
from municipalities.enums import MembershipState
from municipalities.services import approve_membership
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory
from tests.races.cohorts import enrols, failed, faults, take_locks_away, went_wrong
from tests.races.meeting import Later, meet_after, meet_before

pytestmark = pytest.mark.django_db(transaction=True)

TEAMS = 12


@pytest.fixture
def without_lock(monkeypatch):
    """Do without the locks of cohort, enrolment and local government."""
    take_locks_away(monkeypatch)


@pytest.fixture
def meet_after_deciding(monkeypatch):
    """Have all meet between counting the seats and writing who has them."""
    meet_after(monkeypatch, enrolling, "_decide")


def test_the_last_seats_among_the_teams_of_many_cities(at_once, meet_after_deciding):
    cohort = make.cohort(seats=5)
    coordinators = [cities.coordinator() for _ in range(TEAMS)]
    answers = at_once([enrols(cohort, by, f"A {number}", f"B {number}") for number, by in enumerate(coordinators)])
    assert failed(answers) == []
    assert faults(cohort) == []
    states = Counter(cohort.enrolments.values_list("state", flat=True))
    assert states == {"invited": 5, "waitlisted": 2 * TEAMS - 5}
    assert Counter(Message.objects.values_list("kind", flat=True)) == {
        "team-invitation": 5,
        "enrolment-waiting": 2 * TEAMS - 5,
    }


def test_control_without_the_lock_the_last_seats_are_given_twice(at_once, meet_after_deciding, without_lock):
    cohort = make.cohort(seats=5)
    coordinators = [cities.coordinator() for _ in range(TEAMS)]
    answers = at_once([enrols(cohort, by, f"A {number}", f"B {number}") for number, by in enumerate(coordinators)])
    assert went_wrong(cohort, answers)


def two_coordinators_of_one_city(at_once) -> tuple[Cohort, list]:
    cohort = make.cohort(seats=20, seats_per_local_government=3)
    first = cities.coordinator()
    second = cities.coordinator(local_government=first.local_government)
    other = cities.coordinator()
    calls = [
        enrols(cohort, first, "Ana", "Bo", "Cy"),
        enrols(cohort, second, "Ana", "Di", "Ed"),
        enrols(cohort, other, "Fi", "Gu"),
    ]
    return cohort, at_once(calls)


def test_two_coordinators_share_their_city_s_seats(at_once, meet_after_deciding):
    cohort, answers = two_coordinators_of_one_city(at_once)
    assert failed(answers) == []
    assert faults(cohort) == []
    assert Counter(cohort.enrolments.values_list("state", flat=True)) == {"invited": 5, "waitlisted": 2}
    assert cohort.enrolments.filter(name="Ana").count() == 1


def test_control_without_the_lock_two_coordinators_take_too_many(at_once, meet_after_deciding, without_lock):
    cohort, answers = two_coordinators_of_one_city(at_once)
    assert went_wrong(cohort, answers)


def leaving_while_two_wait(at_once) -> tuple[Cohort, list]:
    cohort = make.cohort(seats=1)
    people = make.team(cohort, "A", "B", "C", "D").enrolled
    return cohort, at_once(
        [
            lambda: withdraw_enrolment(enrolment_id=people[0].pk, by=None),
            Later(lambda: withdraw_enrolment(enrolment_id=people[1].pk, by=None)),
            lambda: promote_from_waiting_list(cohort_id=cohort.pk),
        ]
    )


def test_leaving_against_moving_up(at_once, monkeypatch):
    meet_before(monkeypatch, promoting, "_give_seats")
    cohort, answers = leaving_while_two_wait(at_once)
    assert failed(answers) == []
    assert faults(cohort) == []
    assert dict(cohort.enrolments.values_list("name", "state")) == {
        "A": "withdrawn",
        "B": "withdrawn",
        "C": "invited",
        "D": "waitlisted",
    }


def test_control_without_the_lock_somebody_who_left_is_moved_up(at_once, monkeypatch, without_lock):
    meet_before(monkeypatch, promoting, "_give_seats")
    cohort, answers = leaving_while_two_wait(at_once)
    states = dict(cohort.enrolments.values_list("name", "state"))
    assert went_wrong(cohort, answers) or states["B"] != "withdrawn"


def replacing_one_leaver_twice(at_once) -> tuple[Cohort, list]:
    cohort = make.cohort(seats=1)
    by = cities.coordinator()
    leaver = make.invited(cohort, "Ana", coordinator=by)
    names = ["Bo", "Cy"]
    return cohort, at_once(
        [
            lambda name=name: replace(
                enrolment_id=leaver.pk, email=f"{name.lower()}@example.org", name=name, by=by.person
            )
            for name in names
        ]
    )


def test_one_leaver_has_one_successor(at_once, monkeypatch):
    meet_after(monkeypatch, leaving, "_successor")
    cohort, answers = replacing_one_leaver_twice(at_once)
    assert [type(one).__name__ for one in failed(answers)] == ["RecordStays"]
    assert faults(cohort) == []
    assert sorted(cohort.enrolments.values_list("state", flat=True)) == ["invited", "withdrawn"]


def test_control_without_the_lock_one_leaver_is_replaced_twice_or_the_database_refuses(
    at_once, monkeypatch, without_lock
):
    meet_after(monkeypatch, leaving, "_successor")
    cohort, answers = replacing_one_leaver_twice(at_once)
    assert went_wrong(cohort, answers)


def approving_while_drafts_lapse(at_once, monkeypatch, *, first: str) -> tuple[Cohort, list]:
    """Approve a coordinator whose draft is overdue while drafts lapse; `first` is the step at which one is held."""
    cohort = make.cohort(seats=1)
    membership = cities.coordinator(state=MembershipState.ASKED)
    team = make.team(cohort, "Ana", coordinator=membership).team
    type(team).objects.filter(pk=team.pk).update(holds_until=team.created_at)
    make.team(cohort, "Bo")
    staff = PersonFactory(is_staff=True, is_superuser=True)
    meet_before(monkeypatch, sending, first)

    def approve():
        return approve_membership(membership_id=membership.pk, by=staff)

    pair = [approve, Later(lapse_drafts)] if first == "send_locked" else [Later(approve), lapse_drafts]
    return cohort, at_once(pair)


def agrees_with_its_team(cohort: Cohort) -> bool:
    """Tell whether the draft's one person was invited if, and only if, the team was sent."""
    ana = cohort.enrolments.select_related("team").get(name="Ana")
    return (ana.state, ana.team.state) in {("invited", "sent"), ("lapsed", "lapsed")}


@pytest.mark.parametrize(
    ("first", "states"),
    [
        ("send_locked", {"Ana": "invited", "Bo": "waitlisted"}),
        ("lapse_locked", {"Ana": "lapsed", "Bo": "invited"}),
    ],
)
def test_a_draft_is_either_sent_or_lapses(at_once, monkeypatch, first, states):
    cohort, answers = approving_while_drafts_lapse(at_once, monkeypatch, first=first)
    assert failed(answers) == []
    assert faults(cohort) == []
    assert dict(cohort.enrolments.values_list("name", "state")) == states
    assert agrees_with_its_team(cohort)


def test_control_without_the_lock_a_draft_is_sent_and_lapses(at_once, monkeypatch, without_lock):
    cohort, answers = approving_while_drafts_lapse(at_once, monkeypatch, first="lapse_locked")
    assert went_wrong(cohort, answers) or not agrees_with_its_team(cohort)


def enrolling_while_being_approved(at_once) -> tuple[Cohort, list]:
    cohort = make.cohort(seats=9)
    membership = cities.coordinator(state=MembershipState.ASKED)
    staff = PersonFactory(is_staff=True, is_superuser=True)
    return cohort, at_once(
        [enrols(cohort, membership, "Ana"), Later(lambda: approve_membership(membership_id=membership.pk, by=staff))]
    )


def test_who_is_approved_while_enrolling_has_no_draft_left(at_once, meet_after_deciding):
    cohort, answers = enrolling_while_being_approved(at_once)
    assert failed(answers) == []
    assert list(cohort.enrolments.values_list("state", flat=True)) == ["invited"]


def test_control_without_the_lock_a_draft_is_left_lying(at_once, meet_after_deciding, without_lock):
    cohort, _answers = enrolling_while_being_approved(at_once)
    assert list(cohort.enrolments.values_list("state", flat=True)) == ["drafted"]


def everything_at_once(at_once) -> tuple[Cohort, list]:
    """Enrol, leave, apply and decide at the same moment in one cohort."""
    cohort = make.cohort(seats=6, seats_per_local_government=4)
    coordinators = [cities.coordinator() for _ in range(3)]
    early = [one for by in coordinators for one in make.team(cohort, "Early", "Second", coordinator=by).enrolled]
    asked = [
        cities.coordinator(state=MembershipState.ASKED, local_government=by.local_government) for by in coordinators
    ]
    for by in asked:
        make.team(cohort, "Draft", coordinator=by)
    calls = [lambda one=one: withdraw_enrolment(enrolment_id=one.pk, by=None) for one in early[::2]]
    calls += [enrols(cohort, by, "Late", "Later", "Latest") for by in coordinators]
    calls += [
        lambda one=one, by=by: approve_membership(membership_id=one.pk, by=by.person)
        for one, by in zip(asked, coordinators, strict=True)
    ]
    calls += [lambda who=who: apply_alone(cohort_id=cohort.pk, person=who) for who in PersonFactory.create_batch(3)]
    calls += [lambda: promote_from_waiting_list(cohort_id=cohort.pk)] * 2
    return cohort, at_once(calls)


@pytest.mark.rounds(40)
def test_enrolling_leaving_applying_and_deciding_at_once(at_once):
    cohort, answers = everything_at_once(at_once)
    assert failed(answers) == []
    assert faults(cohort) == []
    assert not cohort.enrolments.filter(state="drafted").exists()


def test_control_without_the_lock_places_are_given_twice(at_once, meet_after_deciding, without_lock):
    cohort, answers = everything_at_once(at_once)
    assert went_wrong(cohort, answers)
