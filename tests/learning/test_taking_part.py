"""Joining by one's own link, applying alone, leaving, handing over, and being decided on, through the services."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress

from accounts.models import User
from core import clock
from learning import errors, rules
from learning.models import Enrolment, EnrolmentChange
from learning.services import (
    admit,
    apply_alone,
    call_off_cohort,
    confirm_details,
    decline,
    join,
    replace,
    withdraw_enrolment,
    withdraw_teams,
)
from mail.models import Message
from municipalities.enums import MembershipState
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


def mails() -> list[tuple[str, str]]:
    ours = Message.objects.filter(kind__regex=r"^(team|enrolment|application)-").order_by("id")
    return list(ours.values_list("kind", "to_address"))


def history(enrolment: Enrolment) -> list[tuple[str, str]]:
    return list(enrolment.changes.order_by("pk").values_list("what", "actor"))


def person_at(email: str, **fields) -> User:
    """Make somebody with a verified address."""
    person = PersonFactory(email=email, **fields)
    EmailAddress.objects.update_or_create(user=person, email=email, defaults={"verified": True, "primary": True})
    return person


class TestJoining:
    def test_the_mailed_link_makes_an_account_with_its_address_verified(self):
        enrolment = make.learner(make.cohort(), "Ana Silva")
        person = enrolment.person
        assert (person.email, person.display_name, person.language) == ("ana.silva@example.org", "Ana Silva", "en")
        assert not person.has_usable_password()
        assert EmailAddress.objects.get(user=person).verified
        assert (enrolment.state, enrolment.has_seat) == ("active", True)
        assert history(enrolment) == [("invited", "coordinator"), ("joined", "person")]

    def test_an_account_that_was_there_is_found(self):
        known = person_at("ana.silva@example.org", display_name="Ana")
        assert make.learner(make.cohort(), "Ana Silva").person == known
        assert User.objects.filter(email=known.email).count() == 1

    def test_a_password_that_a_stranger_chose_for_the_address_opens_nothing_afterwards(self):
        squatter = PersonFactory(email="ana.silva@example.org")
        squatter.set_password("stranger's choice")
        squatter.save()
        EmailAddress.objects.filter(user=squatter).delete()
        person = make.learner(make.cohort(), "Ana Silva").person
        assert person == squatter
        assert not person.has_usable_password()

    @pytest.mark.parametrize("used", [{"last_login": clock.now()}, {"is_staff": True}])
    def test_an_account_in_use_keeps_its_password_whoever_opens_the_link(self, used):
        known = PersonFactory(email="ana.silva@example.org", **used)
        known.set_password("their own")
        known.save()
        EmailAddress.objects.filter(user=known).delete()
        person = make.learner(make.cohort(), "Ana Silva").person
        assert person == known
        assert person.check_password("their own")
        assert not EmailAddress.objects.filter(user=known, verified=True).exists()

    def test_joining_twice_changes_nothing(self):
        enrolment = make.learner(make.cohort())
        assert join(enrolment_id=enrolment.pk).joined_at == enrolment.joined_at
        assert EnrolmentChange.objects.filter(what="joined").count() == 1

    def test_signed_in_as_somebody_else_the_link_of_another_is_refused(self):
        enrolment = make.invited(make.cohort(), "Ana")
        with pytest.raises(errors.SomebodyElse):
            join(enrolment_id=enrolment.pk, person=person_at("eve@example.org"))
        joined = join(enrolment_id=enrolment.pk)
        with pytest.raises(errors.SomebodyElse):
            join(enrolment_id=joined.pk, person=person_at("mallory@example.org"))

    def test_an_address_typed_in_and_never_confirmed_does_not_open_an_invitation(self):
        enrolment = make.invited(make.cohort(), "Ana")
        eve = person_at("eve@example.org")
        EmailAddress.objects.create(user=eve, email="ana@example.org", verified=False)
        with pytest.raises(errors.SomebodyElse):
            join(enrolment_id=enrolment.pk, person=eve)

    def test_a_closed_account_stays_closed(self):
        PersonFactory(email="ana@example.org", is_active=False)
        enrolment = make.invited(make.cohort(), "Ana")
        with pytest.raises(errors.AccountClosed):
            join(enrolment_id=enrolment.pk)
        enrolment.refresh_from_db()
        assert (enrolment.state, enrolment.person) == ("invited", None)

    def test_who_waits_is_withdrawn_or_called_off_cannot_join(self):
        cohort = make.cohort(seats=1)
        invited, waiting = make.team(cohort, "Ana", "Bo").enrolled
        with pytest.raises(errors.NoSeatYet):
            join(enrolment_id=waiting.pk)
        call_off_cohort(cohort_id=cohort.pk)
        with pytest.raises(errors.CohortCalledOff):
            join(enrolment_id=invited.pk)
        withdraw_enrolment(enrolment_id=invited.pk, by=None)
        with pytest.raises(errors.NotInvited):
            join(enrolment_id=invited.pk)

    def test_after_the_last_day_nobody_joins(self):
        cohort = make.cohort()
        enrolment = make.invited(cohort)
        with time_machine.travel(cohort.ends_at, tick=False), pytest.raises(errors.CohortOver):
            join(enrolment_id=enrolment.pk)

    def test_invited_by_two_cities_somebody_joins_once(self):
        cohort = make.cohort()
        there = make.invited(cohort, "Ana")
        make.learner(cohort, "Ana")
        with pytest.raises(errors.JoinedAlready):
            join(enrolment_id=there.pk)

    def test_details_are_confirmed_once_and_name_an_account_without_a_name(self):
        enrolment = make.learner(make.cohort(), "Ana")
        User.objects.filter(pk=enrolment.person_id).update(display_name="")
        confirm_details(enrolment_id=enrolment.pk, name="Ana Silva", department="Planning", language="pt-br")
        confirm_details(enrolment_id=enrolment.pk, name="Ana S.", department="Water", language="fr")
        enrolment.refresh_from_db()
        assert (enrolment.name, enrolment.department, enrolment.language) == ("Ana S.", "Water", "fr")
        assert enrolment.person.display_name == "Ana Silva"
        assert history(enrolment)[2:] == [("confirmed", "person")]

    def test_a_name_that_the_coordinator_wrote_is_corrected_in_the_account_too_and_ones_own_stays(self):
        cohort = make.cohort()
        lent, own = make.learner(cohort, "anna silv"), make.invited(cohort, "Bo")
        person_at("bo@example.org", display_name="Bo Berg")
        own = join(enrolment_id=own.pk)
        for one in (lent, own):
            confirm_details(enrolment_id=one.pk, name="Ana Silva", language="en")
        names = User.objects.filter(pk__in=[lent.person_id, own.person_id]).order_by("email")
        assert list(names.values_list("display_name", flat=True)) == ["Ana Silva", "Bo Berg"]


class TestApplyingAlone:
    def test_with_a_free_seat_somebody_takes_part_at_once(self):
        cohort, person = make.cohort(seats=1), PersonFactory(display_name="Ana")
        enrolment = apply_alone(cohort_id=cohort.pk, person=person)
        assert (enrolment.state, enrolment.has_seat, enrolment.local_government) == ("active", True, None)
        assert apply_alone(cohort_id=cohort.pk, person=person) == enrolment

    def test_without_one_they_wait_and_take_part_once_it_is_free(self):
        cohort = make.cohort(seats=1)
        first = make.invited(cohort)
        person = PersonFactory(email="bo@example.org")
        assert apply_alone(cohort_id=cohort.pk, person=person).state == "waitlisted"
        withdraw_enrolment(enrolment_id=first.pk, by=None)
        enrolment = person.enrolments.get()
        assert (enrolment.state, enrolment.joined_at is not None) == ("active", True)
        assert mails()[-1] == ("enrolment-promoted", "bo@example.org")

    def test_without_seat_or_list_they_are_refused(self):
        cohort = make.cohort(seats=0, waiting_list=False)
        with pytest.raises(errors.CohortFull):
            apply_alone(cohort_id=cohort.pk, person=PersonFactory())

    def test_whom_a_city_has_invited_gets_that_invitation_back(self):
        cohort = make.cohort()
        enrolment = make.invited(cohort, "Ana")
        assert apply_alone(cohort_id=cohort.pk, person=person_at("ana@example.org")) == enrolment

    def test_a_draft_tells_nobody_that_it_is_there(self):
        cohort = make.cohort()
        asked = cities.coordinator(state=MembershipState.ASKED)
        draft = make.invited(cohort, "Ana", coordinator=asked)
        assert apply_alone(cohort_id=cohort.pk, person=person_at("ana@example.org")) != draft

    def test_by_approval_they_apply_and_hear_what_was_decided(self):
        cohort = make.cohort(seats=1, admission="approval")
        moderator = PersonFactory()
        accepted, second, third = (
            apply_alone(cohort_id=cohort.pk, person=PersonFactory(email=f"{name}@example.org"))
            for name in ("ana", "bo", "cy")
        )
        assert accepted.state == "applied"
        assert admit(enrolment_id=accepted.pk, by=moderator).state == "active"
        assert admit(enrolment_id=second.pk, by=moderator).state == "waitlisted"
        assert decline(enrolment_id=third.pk, by=moderator, reason="Not from a city").state == "declined"
        assert mails() == [
            ("application-admitted", "ana@example.org"),
            ("application-admitted", "bo@example.org"),
            ("application-declined", "cy@example.org"),
        ]
        assert history(third) == [("applied", "person"), ("declined", "staff")]

    def test_deciding_twice_changes_nothing_and_the_other_way_is_refused(self):
        cohort = make.cohort(admission="approval")
        moderator = PersonFactory()
        one, other = (apply_alone(cohort_id=cohort.pk, person=PersonFactory()) for _ in range(2))
        admit(enrolment_id=one.pk, by=moderator)
        assert admit(enrolment_id=one.pk, by=moderator).state == "active"
        with pytest.raises(errors.NotApplied):
            decline(enrolment_id=one.pk, by=moderator)
        decline(enrolment_id=other.pk, by=moderator)
        assert decline(enrolment_id=other.pk, by=moderator).state == "declined"
        with pytest.raises(errors.NotApplied):
            admit(enrolment_id=other.pk, by=moderator)

    def test_a_team_s_applicant_is_invited_when_admitted(self):
        cohort = make.cohort(admission="approval")
        [enrolment] = make.team(cohort, "Ana").applied
        assert admit(enrolment_id=enrolment.pk, by=PersonFactory()).state == "invited"
        assert mails() == [("team-invitation", "ana@example.org")]

    def test_after_enrolment_has_closed_applications_are_decided_until_the_first_day(self):
        cohort = make.cohort(admission="approval", closes_at=clock.now() + timedelta(days=1))
        first, second = (apply_alone(cohort_id=cohort.pk, person=PersonFactory()) for _ in range(2))
        with time_machine.travel(cohort.starts_at - timedelta(minutes=1)):
            assert admit(enrolment_id=first.pk, by=PersonFactory()).state == "active"
        with time_machine.travel(cohort.starts_at, tick=False), pytest.raises(errors.EnrolmentClosed):
            admit(enrolment_id=second.pk, by=PersonFactory())


class TestLeaving:
    def test_a_seat_goes_to_the_next_in_line(self):
        cohort = make.cohort(seats=1)
        by = cities.coordinator()
        first, second = make.team(cohort, "Ana", "Bo", coordinator=by).enrolled
        withdraw_enrolment(enrolment_id=first.pk, by=by.person, reason="Moved away")
        second.refresh_from_db()
        assert (second.state, second.waiting_number) == ("invited", 1)
        assert mails()[2:] == [("enrolment-withdrawn", "ana@example.org"), ("enrolment-promoted", "bo@example.org")]
        assert history(first) == [("invited", "coordinator"), ("withdrawn", "coordinator")]
        assert withdraw_enrolment(enrolment_id=first.pk, by=by.person).state == "withdrawn"
        assert first.changes.get(what="withdrawn").reason == "Moved away"

    def test_what_is_completed_or_over_stays(self):
        cohort = make.cohort()
        enrolment = make.learner(cohort)
        with time_machine.travel(cohort.ends_at, tick=False), pytest.raises(errors.CohortOver):
            withdraw_enrolment(enrolment_id=enrolment.pk, by=None)
        Enrolment.objects.filter(pk=enrolment.pk).update(state="completed", ended_at=clock.now())
        with pytest.raises(errors.RecordStays):
            withdraw_enrolment(enrolment_id=enrolment.pk, by=None)

    def test_who_left_may_be_enrolled_again(self):
        cohort = make.cohort()
        by = cities.coordinator()
        withdraw_enrolment(enrolment_id=make.learner(cohort, "Ana", coordinator=by).pk, by=by.person)
        again = make.learner(cohort, "Ana", coordinator=by)
        assert sorted(cohort.enrolments.values_list("state", flat=True)) == ["active", "withdrawn"]
        assert again.person.enrolments.count() == 2

    def test_a_whole_team_leaves_and_who_was_never_told_hears_nothing(self):
        cohort = make.cohort(seats=2)
        by = cities.coordinator()
        outcome = make.team(cohort, "Ana", "Bo", "Cy", coordinator=by)
        other = make.invited(cohort, "Di")
        withdraw_teams(team_ids=[outcome.team.pk], by=by.person)
        outcome.team.refresh_from_db()
        assert outcome.team.state == "withdrawn"
        assert dict(cohort.enrolments.values_list("name", "state")) == {
            "Ana": "withdrawn",
            "Bo": "withdrawn",
            "Cy": "withdrawn",
            "Di": "invited",
        }
        other.refresh_from_db()
        assert other.has_seat
        asked = cities.coordinator(state=MembershipState.ASKED)
        draft = make.team(cohort, "Ed", coordinator=asked)
        withdraw_teams(team_ids=[draft.team.pk], by=asked.person)
        assert "ed@example.org" not in [to for _kind, to in mails()]

    def test_whoever_withdraws_the_own_team_leaves_and_the_colleagues_are_withdrawn(self):
        cohort = make.cohort(seats=1)
        by = cities.coordinator(person=PersonFactory(email="ana@example.org"))
        own = join(enrolment_id=make.invited(cohort, "Ana", coordinator=by).pk, person=by.person)
        [waiting] = make.team(cohort, "Bo", coordinator=by).waiting
        withdraw_teams(team_ids=[own.team_id], by=by.person)
        assert (history(own)[-1], history(waiting)[-1]) == (("withdrawn", "person"), ("withdrawn", "coordinator"))
        assert mails()[-2:] == [("enrolment-withdrawn", "ana@example.org"), ("enrolment-withdrawn", "bo@example.org")]


class TestHandingOver:
    def test_the_seat_stays_the_city_s_and_the_leaver_keeps_the_record(self):
        cohort = make.cohort(seats=1)
        by = cities.coordinator()
        leaver = make.learner(cohort, "Ana", coordinator=by)
        waiting = make.invited(cohort, "Zoe")
        confirm_details(enrolment_id=leaver.pk, name="Ana", department="Planning", language="fr")
        successor = replace(enrolment_id=leaver.pk, email="bo@example.org", name="Bo", by=by.person)
        leaver.refresh_from_db()
        waiting.refresh_from_db()
        assert (leaver.state, leaver.has_seat, leaver.person_id is not None) == ("withdrawn", False, True)
        assert (successor.state, successor.has_seat, successor.replaced) == ("invited", True, leaver)
        assert (successor.language, successor.department, successor.team) == ("fr", "", leaver.team)
        assert waiting.state == "waitlisted"
        assert history(leaver)[-1] == ("replaced", "coordinator")
        assert mails()[-2:] == [("enrolment-withdrawn", "ana@example.org"), ("team-invitation", "bo@example.org")]

    def test_a_place_in_line_is_handed_over_too(self):
        cohort = make.cohort(seats=1)
        by = cities.coordinator()
        waiting = make.team(cohort, "Ana", "Bo", coordinator=by).waiting[0]
        successor = replace(enrolment_id=waiting.pk, email="cy@example.org", by=by.person)
        waiting.refresh_from_db()
        assert (successor.state, successor.waiting_number, waiting.waiting_number) == ("waitlisted", 1, None)

    def test_a_draft_is_handed_over_in_silence(self):
        cohort = make.cohort()
        by = cities.coordinator(state=MembershipState.ASKED)
        draft = make.invited(cohort, "Ana", coordinator=by)
        assert replace(enrolment_id=draft.pk, email="bo@example.org", by=by.person).state == "drafted"
        assert mails() == []

    def test_nobody_takes_over_who_is_in_the_team_already(self):
        cohort = make.cohort()
        by = cities.coordinator()
        leaver, _other = make.team(cohort, "Ana", "Bo", coordinator=by).enrolled
        for address in ("BO@example.org", "ana@example.org"):
            with pytest.raises(errors.AlreadyInTeam):
                replace(enrolment_id=leaver.pk, email=address, by=by.person)

    def test_after_the_first_day_people_are_still_replaced_but_not_after_the_last(self):
        cohort = make.cohort()
        by = cities.coordinator()
        leaver = make.learner(cohort, "Ana", coordinator=by)
        with time_machine.travel(cohort.starts_at + timedelta(days=1)):
            successor = replace(enrolment_id=leaver.pk, email="bo@example.org", by=by.person)
        with time_machine.travel(cohort.ends_at, tick=False), pytest.raises(errors.CohortOver):
            replace(enrolment_id=successor.pk, email="cy@example.org", by=by.person)
        with pytest.raises(errors.RecordStays):
            replace(enrolment_id=leaver.pk, email="di@example.org", by=by.person)


class TestRules:
    def test_a_coordinator_of_a_cannot_touch_b(self):
        cohort = make.cohort()
        own, other = cities.coordinator(), cities.coordinator()
        theirs = make.invited(cohort, "Ana", coordinator=other)
        city = other.local_government_id
        assert not rules.may_enrol(own.person, city)
        assert not rules.may_see_team(own.person, cohort.pk, city)
        assert not rules.may_change_team(own.person, city)
        assert not rules.may_withdraw(own.person, theirs)
        assert not rules.may_replace(own.person, theirs)
        assert not rules.may_moderate(own.person, cohort)
        assert rules.may_see_team(other.person, cohort.pk, city)
        assert rules.may_withdraw(other.person, theirs)
        assert rules.may_replace(other.person, theirs)

    def test_a_moderator_guides_the_own_cohort_alone(self):
        moderator = PersonFactory()
        cohort, other = make.cohort(moderators=[moderator]), make.cohort()
        city = cities.coordinator()
        assert rules.may_moderate(moderator, cohort)
        assert rules.may_see_team(moderator, cohort.pk, city.local_government_id)
        assert not rules.may_moderate(moderator, other)
        assert not rules.may_see_team(moderator, other.pk, city.local_government_id)

    def test_who_has_only_asked_sees_own_drafts_and_nothing_else(self):
        cohort = make.cohort()
        real = cities.coordinator()
        team = make.invited(cohort, "Ana", coordinator=real)
        asked = cities.coordinator(state=MembershipState.ASKED, local_government=real.local_government)
        city = real.local_government_id
        assert rules.may_enrol(asked.person, city)
        assert not rules.has_drafts(asked.person, cohort.pk, city)
        draft = make.invited(cohort, "Bo", coordinator=asked)
        assert rules.has_drafts(asked.person, cohort.pk, city)
        assert not rules.may_see_team(asked.person, cohort.pk, city)
        assert not rules.may_withdraw(asked.person, team)
        assert rules.may_withdraw(asked.person, draft)

    def test_a_closed_account_may_nothing(self):
        person = PersonFactory(is_active=False)
        by = cities.coordinator(person=person)
        cohort = make.cohort(moderators=[person])
        theirs = make.invited(cohort, "Ana")
        Enrolment.objects.filter(pk=theirs.pk).update(person=person)
        theirs.refresh_from_db()
        assert not rules.may_enrol(person, by.local_government_id)
        assert not rules.may_see_team(person, cohort.pk, by.local_government_id)
        assert not rules.may_moderate(person, cohort)
        assert not rules.owns_enrolment(person, theirs)
