"""What learning keeps about people: found, copied, erased with the seat given back, and gone after its time."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress

from accounts.enums import Channel
from accounts.services import erase, subject_of
from core import clock, personal
from core.personal import Subject
from core.services.purging import preview, purge
from learning.models import Enrolment, TeamRequest, UnitProgress
from learning.services import complete_unit
from municipalities.enums import MembershipState
from tests.factories import learning as make
from tests.factories import municipalities as cities

pytestmark = pytest.mark.django_db


def test_a_copy_tells_courses_city_history_and_units(django_assert_num_queries):
    cohort = make.running_cohort(name="Spring")
    enrolment = make.learner(cohort, "Ana", coordinator=cities.coordinator())
    complete_unit(enrolment_id=enrolment.pk, unit_id=make.units_of(cohort.course)[0].pk)
    subject = subject_of(enrolment.person)
    with django_assert_num_queries(4):
        [row] = personal.get("enrolments").rows(subject)
    found = {name: words for name, _label, _value, words in row}
    assert (found["cohort__name"], found["state"], found["name"]) == ("Spring", "Takes part", "Ana")
    assert found["local_government"] == enrolment.local_government.name
    assert [line.partition(": ")[2] for line in found["history"].splitlines()] == ["Invited", "Joined"]
    assert found["units"].endswith(": Unit 1.1")


def test_an_invitation_that_nobody_opened_is_found_by_its_address():
    enrolment = make.invited(make.cohort(), "Ana")
    find = personal.get("enrolments").find
    assert list(find(Subject(None, ("ANA@example.org",)))) == [enrolment]
    assert list(find(Subject(None, ("eve@example.org",)))) == []


def test_a_coordinators_copy_tells_what_they_did_and_names_nobody():
    cohort = make.cohort(name="Spring")
    by = cities.coordinator()
    enrolment = make.learner(cohort, "Ana", coordinator=by)
    kind = personal.get("enrolling")
    [row] = kind.rows(subject_of(by.person))
    found = {name: words for name, _label, _value, words in row}
    assert (found["enrolment__cohort__name"], found["what"]) == ("Spring", "Invited")
    assert found["local_government"] == by.local_government.name
    assert "ana" not in str(row).lower()
    # What somebody did for themselves stands in their own enrolments.
    assert list(kind.rows(subject_of(enrolment.person))) == list(kind.rows(Subject(None, ("ana@example.org",)))) == []
    late = cohort.ends_at + timedelta(days=kind.rules[0].days + 1)
    with time_machine.travel(late):
        kind.rules[0].forget(list(kind.rules[0].rows(late).values_list("pk", flat=True)))
        assert list(kind.rules[0].rows(late)) == list(kind.rows(subject_of(by.person))) == []


def test_erasing_gives_the_seat_to_the_next_and_forgets_who_it_was():
    cohort = make.running_cohort(seats=1)
    by = cities.coordinator()
    learner = make.learner(cohort, "Ana", coordinator=by)
    waiting = make.invited(cohort, "Bo")
    complete_unit(enrolment_id=learner.pk, unit_id=make.units_of(cohort.course)[0].pk)
    token = learner.token
    erase(subject=subject_of(learner.person), channel=Channel.SELF)
    gone = Enrolment.objects.get(pk=learner.pk)
    waiting.refresh_from_db()
    assert (gone.state, gone.person, gone.name, gone.department) == ("withdrawn", None, "–", "")
    assert gone.email == gone.email_key == f"erased-{gone.pk}@erased.invalid"
    assert gone.token != token
    assert gone.local_government == by.local_government
    assert UnitProgress.objects.filter(enrolment=gone).count() == 1
    assert waiting.state == "invited"


def test_erasing_a_coordinator_keeps_the_team_and_lets_drafts_go():
    cohort = make.cohort()
    by = cities.coordinator()
    sent = make.invited(cohort, "Ana", coordinator=by)
    asked = cities.coordinator(person=by.person, state=MembershipState.ASKED)
    draft = make.invited(cohort, "Bo", coordinator=asked)
    EmailAddress.objects.get_or_create(user=by.person, email=by.person.email, verified=True, primary=True)
    erase(subject=subject_of(by.person), channel=Channel.SELF)
    sent.refresh_from_db()
    draft.refresh_from_db()
    assert (sent.state, draft.state) == ("invited", "lapsed")
    assert set(TeamRequest.objects.values_list("coordinator", "state")) == {(None, "sent"), (None, "lapsed")}
    assert not sent.changes.filter(by__isnull=False).exists()


def test_five_years_after_the_last_day_names_go_and_figures_stay():
    cohort = make.cohort()
    enrolment = make.learner(cohort, "Ana")
    [rule] = personal.get("enrolments").rules
    soon = cohort.ends_at + timedelta(days=rule.days - 2)
    with time_machine.travel(soon):
        assert list(rule.rows(soon)) == []
    late = cohort.ends_at + timedelta(days=rule.days + 1)
    with time_machine.travel(late):
        rule.forget(list(rule.rows(late).values_list("pk", flat=True)))
        assert list(rule.rows(late)) == []
    enrolment.refresh_from_db()
    assert (enrolment.name, enrolment.state, enrolment.person) == ("–", "active", None)
    assert TeamRequest.objects.get().coordinator is None


def test_five_years_after_the_last_day_a_team_forgets_its_coordinator_even_where_nobody_is_left_in_it():
    cohort, later = make.cohort(), make.cohort(starts_on=clock.now().date() + timedelta(days=40))
    by = cities.coordinator()
    gone = make.learner(cohort, "Ana", coordinator=by)
    erase(subject=subject_of(gone.person), channel=Channel.SELF)
    make.invited(later, "Bo", coordinator=by)
    after = cohort.ends_at + timedelta(days=personal.get("enrolling").rules[0].days + 1)
    with time_machine.travel(after):
        purge()
        assert not any(due.number for due in preview() if due.kind.name == "enrolling")
    # That of the later cohort stays until its own time has come.
    found = TeamRequest.objects.order_by("cohort__ends_on").values_list("cohort", "coordinator")
    assert list(found) == [(cohort.pk, None), (later.pk, by.person_id)]
