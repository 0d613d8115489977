"""Taking a team back against the sweep that sends it, and keeping one against the sweep that ends it."""

from datetime import timedelta

import pytest

from core import clock
from learning.models import Cohort, TeamRequest
from learning.services import (
    enrol_team,
    keep_teams,
    send_due_teams,
    sending,
    take_back_team,
    withdraw_due_teams,
    withdraw_teams,
    withdrawing,
)
from mail.models import Message
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.races.cohorts import failed, faults, take_locks_away
from tests.races.meeting import meet_before

pytestmark = pytest.mark.django_db(transaction=True)


def a_due_team(seats: int = 2) -> TeamRequest:
    """Return a team of two whose invitations are to leave now, and that its coordinator can take back until they do."""
    cohort, by = make.cohort(seats=seats), cities.coordinator()
    people = [make.invitee("Ana"), make.invitee("Bo")]
    about = {"cohort_id": cohort.pk, "local_government_id": by.local_government_id, "coordinator": by.person}
    return enrol_team(**about, people=people, sends_at=clock.now() - timedelta(seconds=1)).team


def stand(team: TeamRequest) -> tuple[str, set[str], int]:
    """Return how team and people stand, and how many mails were asked for."""
    team.refresh_from_db()
    return team.state, set(team.enrolments.values_list("state", flat=True)), Message.objects.count()


def taken_back_while_it_leaves(at_once, monkeypatch) -> tuple[tuple[str, set[str], int], list[str]]:
    meet_before(monkeypatch, sending, "_tell")
    meet_before(monkeypatch, sending, "_take_back")
    team = a_due_team()
    answers = at_once([send_due_teams, lambda: take_back_team(team_id=team.pk, by=team.coordinator)])
    assert failed(answers) == []
    return stand(team), faults(Cohort.objects.get(pk=team.cohort_id))


def test_a_team_that_is_taken_back_while_it_leaves_does_either(at_once, monkeypatch):
    stands, wrong = taken_back_while_it_leaves(at_once, monkeypatch)
    assert stands in (("sent", {"invited"}, 2), ("withdrawn", {"withdrawn"}, 0))
    assert wrong == []


def test_control_without_the_lock_people_are_invited_to_what_was_taken_back(at_once, monkeypatch):
    take_locks_away(monkeypatch)
    stands, _wrong = taken_back_while_it_leaves(at_once, monkeypatch)
    assert stands not in (("sent", {"invited"}, 2), ("withdrawn", {"withdrawn"}, 0))


def kept_while_it_ends(at_once, monkeypatch) -> tuple[bool, str]:
    """Keep a team while the sweep ends it; return whether it was kept and how it stands."""
    meet_before(monkeypatch, withdrawing, "end_teams")
    meet_before(monkeypatch, withdrawing, "keep_locked")
    by = cities.coordinator()
    team = make.team(make.cohort(), "Ana", "Bo", coordinator=by).team
    withdraw_teams(team_ids=[team.pk], by=by.person, at=clock.now() - timedelta(seconds=1))
    Message.objects.all().delete()
    answers = at_once([withdraw_due_teams, lambda: keep_teams(team_ids=[team.pk])])
    assert failed(answers) == []
    return bool(answers[1]), stand(team)[0]


def test_a_team_that_is_kept_while_it_ends_does_either(at_once, monkeypatch):
    was_kept, state = kept_while_it_ends(at_once, monkeypatch)
    assert (was_kept, state) in ((True, "sent"), (False, "withdrawn"))


def test_control_without_the_lock_a_team_ends_that_was_kept(at_once, monkeypatch):
    take_locks_away(monkeypatch)
    assert kept_while_it_ends(at_once, monkeypatch) == (True, "withdrawn")
