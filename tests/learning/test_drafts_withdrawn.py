"""A draft whose seats others would get and hear of is withdrawn when the undo window has passed, and waits until then."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.enums import Channel
from accounts.services import erase, subject_of
from core import clock
from learning import errors, tasks
from learning.models import Cohort, TeamRequest
from learning.services import (
    call_off_cohort,
    enrol_team,
    keep_teams,
    lapse_drafts,
    let_teams_be,
    restore_cohort,
    send_due_teams,
    take_back_team,
    withdraw_due_teams,
    withdraw_enrolment,
    withdraw_teams,
)
from mail import undo
from municipalities.models import Membership
from municipalities.services import approve_membership, refuse_local_government
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning.people import asked, mails, staff, states

pytestmark = pytest.mark.django_db

WAITS = ("enrolment-waiting", "bo@example.org")
SEATED = ("enrolment-promoted", "bo@example.org")


@pytest.fixture(autouse=True)
def window(settings, time):
    settings.MAIL_UNDO_SECONDS = 120
    return time


@pytest.fixture
def draft() -> TeamRequest:
    """Write Ana down, whose coordinator waits to be approved, for the one seat, for which Bo of another city waits."""
    return drafted()


def drafted(sends_at: datetime | None = None, membership: Membership | None = None) -> TeamRequest:
    by = membership or (asked() if sends_at is None else cities.coordinator())
    cohort = make.cohort(seats=1)
    team = of(cohort, by, "Ana", sends_at=sends_at)
    make.team(cohort, "Bo")
    return team


def of(cohort: Cohort, by: Membership, *names: str, sends_at: datetime | None = None) -> TeamRequest:
    """Write some down; returns their draft."""
    people = [make.invitee(name) for name in names]
    about = {"cohort_id": cohort.pk, "local_government_id": by.local_government_id, "coordinator": by.person}
    return enrol_team(**about, people=people, sends_at=sends_at).team


def withdrawn(*teams: TeamRequest) -> None:
    """Have teams withdrawn when the window has passed."""
    assert withdraw_teams(team_ids=[one.pk for one in teams], by=teams[0].coordinator, at=undo.leaves_at()) == []


def stand(team: TeamRequest) -> list[tuple[str, str, bool]]:
    return [(name, state, seat) for name, state, seat, _number in states(team.cohort)]


def sweeps() -> None:
    tasks.give_held_seats()
    tasks.lapse_drafts()


HELD = [("Ana", "drafted", True), ("Bo", "waitlisted", False)]
ENDED = [("Ana", "withdrawn", False), ("Bo", "invited", True)]


def test_it_ends_and_gives_its_seats_when_the_window_has_passed(draft, window):
    withdrawn(draft)
    window.shift(119)
    sweeps()
    assert (stand(draft), mails()) == (HELD, [WAITS])
    window.shift(1)
    sweeps()
    sweeps()
    assert (stand(draft), mails()) == (ENDED, [WAITS, SEATED])
    draft.refresh_from_db()
    assert (draft.state, draft.holds_until, draft.withdraws_at, draft.withdraws_by) == ("withdrawn", None, None, None)
    steps = draft.enrolments.filter(changes__what="withdrawn").values_list("changes__by", "changes__actor")
    assert list(steps) == [(draft.coordinator.pk, "coordinator")]


def test_where_nobody_is_written_to_it_ends_at_once():
    cohort = make.cohort(seats=1)
    first, second = of(cohort, asked(), "Ana"), of(cohort, asked(), "Bo")
    ended = withdraw_teams(team_ids=[first.pk], by=first.coordinator, at=undo.leaves_at())
    # Whoever gets the seat is a draft as well and hears of nothing.
    assert ([one.name for one in ended], stand(second)) == (
        ["Ana"],
        [("Ana", "withdrawn", False), ("Bo", "drafted", True)],
    )
    withdraw_teams(team_ids=[second.pk], by=second.coordinator, at=undo.leaves_at())
    assert (stand(second)[1], mails()) == (("Bo", "withdrawn", False), [])


def test_of_teams_in_two_cohorts_both_wait_where_one_of_them_gives_somebody_a_seat(draft):
    alone = of(make.cohort(), Membership.objects.get(person=draft.coordinator), "Cy")
    withdrawn(alone, draft)
    assert (stand(alone), stand(draft)) == ([("Cy", "drafted", True)], HELD)
    withdraw_due_teams()
    assert TeamRequest.objects.ending().count() == 2


def test_withdrawn_in_the_last_minute_in_which_seats_are_given_it_gives_nobody_one(draft, window):
    window.move_to(draft.cohort.seats_given_until - timedelta(minutes=1))
    TeamRequest.objects.drafts().update(holds_until=clock.now() + timedelta(days=1))
    withdrawn(draft)
    window.shift(120)
    withdraw_due_teams()
    assert (stand(draft), mails()) == ([("Ana", "withdrawn", False), ("Bo", "waitlisted", False)], [WAITS])


def approves(team: TeamRequest) -> None:
    membership = Membership.objects.get(person=team.coordinator)
    approve_membership(membership_id=membership.pk, by=staff())


def is_approved_unheard(team: TeamRequest) -> None:
    today = clock.now().date()
    Membership.objects.filter(person=team.coordinator).update(state="approved", starts_on=today, decided_at=clock.now())


@pytest.mark.parametrize("approved", [approves, is_approved_unheard])
def test_whose_coordinator_is_approved_meanwhile_it_is_not_sent_and_once_kept_it_is(draft, window, approved: Callable):
    withdrawn(draft)
    approved(draft)
    lapse_drafts()
    assert (stand(draft), mails()) == (HELD, [WAITS])
    assert keep_teams(team_ids=[draft.pk]) == 1
    # Nobody has read whom that tells: it can be taken back for as long as any other list.
    lapse_drafts()
    assert (send_due_teams(), stand(draft), mails()) == ([], HELD, [WAITS])
    window.shift(120)
    assert send_due_teams() == [draft.pk]
    assert stand(draft) == [("Ana", "invited", True), ("Bo", "waitlisted", False)]
    assert mails() == [WAITS, ("team-invitation", "ana@example.org")]


@pytest.mark.parametrize("minutes", [1, 0])
def test_whose_own_moment_comes_it_is_not_sent_and_once_kept_it_is(window, minutes):
    team = drafted(sends_at=clock.now() + timedelta(minutes=1))
    withdrawn(team)
    if minutes == 0:
        # Kept before its moment, it is sent at it.
        keep_teams(team_ids=[team.pk])
        assert send_due_teams() == []
    window.shift(60)
    assert send_due_teams() == ([] if minutes else [team.pk])
    if minutes:
        assert (stand(team), mails()) == (HELD, [WAITS])
        keep_teams(team_ids=[team.pk])
        assert (send_due_teams(), stand(team)) == ([], HELD)
        window.shift(120)
        assert send_due_teams() == [team.pk]
    assert stand(team) == [("Ana", "invited", True), ("Bo", "waitlisted", False)]
    window.shift(600)
    sweeps()
    assert mails() == [WAITS, ("team-invitation", "ana@example.org")]


def test_kept_it_waits_for_its_coordinators_approval_as_if_nothing_had_been(draft, window):
    before = draft.holds_until
    withdrawn(draft)
    keep_teams(team_ids=[draft.pk])
    window.shift(600)
    sweeps()
    draft.refresh_from_db()
    assert (stand(draft), mails(), draft.state, draft.holds_until) == (HELD, [WAITS], "draft", before)
    approves(draft)
    assert stand(draft)[0] == ("Ana", "invited", True)


def test_a_cohort_that_held_it_back_does_not_send_it_when_it_is_restored(window):
    team = drafted(sends_at=clock.now() + timedelta(minutes=1))
    call_off_cohort(cohort_id=team.cohort_id)
    window.shift(60)
    # From now on it is what the cohort holds back.
    assert send_due_teams() == []
    restore_cohort(cohort_id=team.cohort_id)
    withdrawn(team)
    window.shift(119)
    sweeps()
    assert stand(team) == HELD
    TeamRequest.objects.ending().update(withdraws_at=clock.now() + timedelta(minutes=5))
    window.shift(60)
    sweeps()
    assert stand(team) == HELD
    assert not [kind for kind, _to in mails() if kind in ("team-invitation", "team-sent")]


def test_withdrawn_from_a_cohort_that_is_called_off_it_ends_at_once(draft):
    call_off_cohort(cohort_id=draft.cohort_id)
    withdraw_teams(team_ids=[draft.pk], by=draft.coordinator, at=undo.leaves_at())
    assert stand(draft) == [("Ana", "withdrawn", False), ("Bo", "waitlisted", False)]


def test_whose_cohort_is_called_off_meanwhile_it_ends_and_gives_nobody_a_seat(draft, window):
    withdrawn(draft)
    call_off_cohort(cohort_id=draft.cohort_id)
    window.shift(120)
    sweeps()
    assert stand(draft) == [("Ana", "withdrawn", False), ("Bo", "waitlisted", False)]
    assert SEATED not in mails()


def test_it_lapses_when_it_has_held_its_seats_for_long_enough(draft, window):
    TeamRequest.objects.drafts().update(holds_until=clock.now() + timedelta(minutes=1))
    withdrawn(draft)
    window.shift(60)
    assert lapse_drafts() == [draft.pk]
    draft.refresh_from_db()
    assert (draft.state, draft.withdraws_at, draft.withdraws_by) == ("lapsed", None, None)
    window.shift(60)
    sweeps()
    assert stand(draft) == [("Ana", "lapsed", False), ("Bo", "invited", True)]


def test_one_of_it_is_withdrawn_alone_and_the_others_with_it(window):
    cohort, by = make.cohort(seats=2), asked()
    team = of(cohort, by, "Ana", "Cy")
    make.team(cohort, "Bo", "Di")
    withdrawn(team)
    withdraw_enrolment(enrolment_id=team.enrolments.get(name="Ana").pk, by=by.person)
    assert [state for _name, state, _seat in stand(team)] == ["withdrawn", "drafted", "invited", "waitlisted"]
    window.shift(120)
    sweeps()
    assert [state for _name, state, _seat in stand(team)] == ["withdrawn", "withdrawn", "invited", "invited"]
    assert [kind for kind, _to in mails()] == ["enrolment-waiting"] * 2 + ["enrolment-promoted"] * 2


def test_a_restored_site_withdraws_and_sends_it_no_more_and_counts_it_once(draft, window):
    listed = drafted(sends_at=clock.now() + timedelta(minutes=1))
    for one in (draft, listed):
        withdrawn(one)
    assert let_teams_be() == 2
    window.shift(3600)
    sweeps()
    # The list stands ready to be sent anew; who waits to be approved waits on.
    assert (stand(draft), stand(listed)[0]) == (HELD, ("Ana", "withdrawn", False))
    assert not [kind for kind, _to in mails() if kind == "team-invitation"]


def test_an_erased_coordinators_draft_goes_at_once(draft, window):
    withdrawn(draft)
    erase(subject=subject_of(draft.coordinator), channel=Channel.SELF)
    assert stand(draft)[1] == ("Bo", "invited", True)
    assert set(draft.enrolments.values_list("state", flat=True)) == {"lapsed"}
    window.shift(120)
    assert withdraw_due_teams() == []


def test_the_list_of_it_can_be_taken_back(window):
    team = drafted(sends_at=clock.now() + timedelta(minutes=1))
    withdrawn(team)
    assert [one.name for one in take_back_team(team_id=team.pk, by=team.coordinator)] == ["Ana"]
    team.refresh_from_db()
    assert (team.state, team.withdraws_at, stand(team)) == ("withdrawn", None, ENDED)
    window.shift(120)
    assert (withdraw_due_teams(), take_back_team(team_id=team.pk, by=team.coordinator)) == ([], None)


@pytest.mark.parametrize("approved", [False, True])
def test_it_takes_nobody_more_unless_it_is_kept(window, approved):
    team = drafted(sends_at=clock.now() + timedelta(minutes=1) if approved else None)
    by = Membership.objects.get(person=team.coordinator)
    withdrawn(team)
    for sends_at in (None, undo.leaves_at()):
        with pytest.raises(errors.TeamEnds, match="This team is about to be withdrawn"):
            of(team.cohort, by, "Di", sends_at=sends_at)
    assert (stand(team), mails()) == (HELD, [WAITS])
    keep_teams(team_ids=[team.pk])
    assert of(team.cohort, by, "Di", sends_at=undo.leaves_at()).pk == team.pk
    # Once it is withdrawn, what is written down begins anew.
    withdrawn(team)
    window.shift(120)
    sweeps()
    assert of(team.cohort, by, "Ed", sends_at=undo.leaves_at()).pk != team.pk


@pytest.fixture
def two_drafts() -> tuple[TeamRequest, TeamRequest]:
    """Write Ana and Cy down for a proposed city and Bo and Cy for the one it turns out to be, by one coordinator."""
    cohort, new = make.cohort(), asked(local_government=cities.proposed())
    known = asked(person=new.person)
    return of(cohort, new, "Ana", "Cy"), of(cohort, known, "Bo", "Cy")


def merged(source: TeamRequest, target: TeamRequest) -> list[tuple[str, str, int]]:
    """Merge the cities and approve the coordinator; return everybody with the state and the city."""
    cities.coordinator(local_government=target.local_government)
    refuse_local_government(
        local_government_id=source.local_government_id, by=staff(), same_as=target.local_government_id
    )
    for one in (source, target):
        one.refresh_from_db()
    wanted = Membership.objects.asked().get(person=target.coordinator)
    approve_membership(membership_id=wanted.pk, by=staff())
    lapse_drafts()
    found = source.cohort.enrolments.order_by("pk").values_list("name", "state", "local_government")
    assert {city for _name, _state, city in found} == {target.local_government_id}
    return [(name, state) for name, state, _city in found]


@pytest.mark.parametrize("which", ["source", "target"])
def test_of_two_drafts_that_a_merge_would_put_together_the_one_that_was_to_be_withdrawn_is(two_drafts, which):
    source, target = two_drafts
    TeamRequest.objects.filter(pk=(source if which == "source" else target).pk).update(
        withdraws_at=undo.leaves_at(), withdraws_by=source.coordinator
    )
    here, gone = ("invited", "withdrawn") if which == "target" else ("withdrawn", "invited")
    assert merged(source, target) == [("Ana", here), ("Cy", here), ("Bo", gone), ("Cy", gone)]
    assert sorted(to for kind, to in mails() if kind == "team-invitation") == (
        ["ana@example.org", "cy@example.org"] if which == "target" else ["bo@example.org", "cy@example.org"]
    )


def test_of_two_drafts_that_were_both_to_be_withdrawn_the_one_they_become_is_at_the_later_moment(two_drafts, window):
    source, target = two_drafts
    later = clock.now() + timedelta(minutes=2)
    TeamRequest.objects.filter(pk=target.pk).update(withdraws_at=later - timedelta(minutes=1))
    TeamRequest.objects.filter(pk=source.pk).update(withdraws_at=later, withdraws_by=source.coordinator)
    assert [state for _name, state in merged(source, target)] == ["drafted", "lapsed", "drafted", "drafted"]
    assert (target.withdraws_at, target.withdraws_by, source.withdraws_at) == (later, source.coordinator, None)
    window.shift(120)
    sweeps()
    assert set(target.enrolments.values_list("state", flat=True)) == {"withdrawn"}


def test_a_merge_takes_a_draft_along_that_is_to_be_withdrawn(window):
    cohort, new = make.cohort(), asked(local_government=cities.proposed())
    team, city = of(cohort, new, "Ana"), cities.coordinator().local_government
    TeamRequest.objects.update(withdraws_at=undo.leaves_at(), withdraws_by=new.person)
    refuse_local_government(local_government_id=new.local_government_id, by=staff(), same_as=city.pk)
    team.refresh_from_db()
    assert (team.local_government, stand(team), keep_teams(team_ids=[team.pk])) == (
        city,
        [("Ana", "drafted", True)],
        1,
    )


def test_once_the_cohort_is_over_it_stays_as_it_was_and_lapses(draft):
    withdrawn(draft)
    with time_machine.travel(draft.cohort.ends_at + timedelta(minutes=1), tick=False):
        withdraw_due_teams()
        assert (stand(draft), TeamRequest.objects.ending().count()) == (HELD, 0)
        lapse_drafts()
        assert stand(draft)[0] == ("Ana", "lapsed", False)
