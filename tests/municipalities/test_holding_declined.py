"""Declining a coordinator whose team holds seats that others wait for: read first, held, taken back, carried out."""

from datetime import timedelta

import pytest
import time_machine

from learning.models import Enrolment
from learning.services import withdraw_enrolment
from mail import undo
from municipalities import services
from municipalities.errors import ChangedMeanwhile, DecidedAndHeld, NotRehearsed, NotYours
from municipalities.models import HeldDecision, Membership
from municipalities.services import deciding
from municipalities.services.foreseeing import foresee_declining
from tests.factories import learning
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor
from tests.municipalities.decisions import approve, decline, the_window_passes, with_seats_waited_for, with_team
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return editor()


def state(membership: Membership) -> str:
    return Membership.objects.get(pk=membership.pk).state


def seated() -> list[str]:
    return sorted(Enrolment.objects.seated().values_list("name", flat=True))


def test_declining_somebody_whose_seats_others_wait_for_happens_when_the_window_has_passed(staff, time):
    asked = with_seats_waited_for("Bo", "Cy", waiting=("Di", "Ed"))
    decision = decline(asked, staff, reason="Left last year")
    assert (decision.kind, decision.by, decision.reason, decision.seen) == ("decline", staff, "Left last year", "")
    assert (decision.takes_effect_at, state(asked), mails(), seated()) == (undo.leaves_at(), "asked", [], ["Bo", "Cy"])
    time.shift(undo.undo_window() - timedelta(seconds=1))
    assert (services.carry_out_decisions(), seated()) == ([], ["Bo", "Cy"])
    time.shift(timedelta(seconds=1))
    assert (services.carry_out_decisions(), state(asked), seated()) == ([decision.pk], "declined", ["Di", "Ed"])
    assert mails() == [
        ("membership-declined", asked.person.email),
        ("enrolment-promoted", "di@example.org"),
        ("enrolment-promoted", "ed@example.org"),
    ]
    asked.refresh_from_db()
    assert (asked.decided_by, asked.reason, services.carry_out_decisions()) == (staff, "Left last year", [])


def test_declining_what_nobody_else_hears_of_happens_at_once_unread(staff):
    alone, with_drafts, member = with_team(), with_team("Bo"), make.membership(state="asked")
    # Those next in line are drafts themselves, of which nobody knows.
    seats = with_seats_waited_for("Cy")
    learning.team(seats.person.learning_teams.get().cohort, "Di", coordinator=make.coordinator(state="asked"))
    for one in (alone, with_drafts, member, seats):
        services.decline_or_hold(membership_id=one.pk, by=staff, reason="No")
        assert state(one) == "declined"
    assert (HeldDecision.objects.count(), "Di" in seated()) == (0, True)


def test_nothing_is_held_of_which_nobody_has_read_whom_it_tells_and_in_which_words(staff):
    asked = with_seats_waited_for("Bo", waiting=("Di", "Ed"))
    read = foresee_declining(asked, reason="No").mark
    for reason, mark in (("No", ""), ("No", "x"), ("Other words", read)):
        with pytest.raises(NotRehearsed):
            services.decline_or_hold(membership_id=asked.pk, by=staff, reason=reason, rehearsed=mark)
    # The first in line has left, so that somebody else gets the seat.
    withdraw_enrolment(enrolment_id=Enrolment.objects.get(name="Di").pk, by=staff)
    with pytest.raises(NotRehearsed):
        services.decline_or_hold(membership_id=asked.pk, by=staff, reason="No", rehearsed=read)
    assert HeldDecision.objects.count() == 0


def test_taken_back_nobody_is_declined_and_the_seats_stay(staff):
    asked = with_seats_waited_for("Bo", waiting=("Di",))
    decision = decline(asked, staff)
    services.take_back_decision(decision_id=decision.pk, by=editor())
    assert (the_window_passes(), state(asked), seated(), mails()) == ([], "asked", ["Bo"], [])


def test_without_a_window_it_happens_at_once_once_it_is_read(staff, settings):
    settings.MAIL_UNDO_SECONDS = 0
    asked = with_seats_waited_for("Bo", waiting=("Di",))
    with pytest.raises(NotRehearsed):
        services.decline_or_hold(membership_id=asked.pk, by=staff, reason="No")
    decline(asked, staff)
    assert (state(asked), seated(), HeldDecision.objects.count()) == ("declined", ["Di"], 0)


def test_nobody_decides_otherwise_while_it_is_held_and_the_same_twice_is_held_once(staff):
    asked = with_seats_waited_for("Bo", waiting=("Di",))
    once = decline(asked, staff)
    assert decline(asked, editor()).pk == once.pk
    for verb in (
        lambda: approve(asked, staff),
        lambda: decline(asked, staff, reason="Other words"),
        lambda: services.approve_membership(membership_id=asked.pk, by=staff),
        lambda: services.decline_membership(membership_id=asked.pk, by=staff, reason="No"),
    ):
        with pytest.raises(DecidedAndHeld):
            verb()
    assert (HeldDecision.objects.count(), state(asked)) == (1, "asked")


def test_who_asks_for_something_else_or_takes_it_back_is_not_declined_by_what_was_decided_before(staff):
    changed, ended = (with_seats_waited_for("Bo", waiting=(name,)) for name in ("Di", "Ed"))
    for one in (changed, ended):
        decline(one, staff)
    services.change_request(membership_id=changed.pk, by=changed.person, role="coordinator", department="Klimat")
    services.end_membership(membership_id=ended.pk, by=ended.person)
    assert (HeldDecision.objects.count(), the_window_passes(), state(changed)) == (0, [], "asked")


@pytest.mark.parametrize("who", ["stranger", "asker", "member", "coordinator of another city"])
def test_who_may_not_decide_neither_declines_nor_takes_back(staff, who):
    asked = with_seats_waited_for("Bo", waiting=("Di",))
    by = {
        "stranger": PersonFactory,
        "asker": lambda: asked.person,
        "member": lambda: make.membership(local_government=asked.local_government).person,
        "coordinator of another city": lambda: make.coordinator().person,
    }[who]()
    with pytest.raises(NotYours):
        decline(asked, by)
    decision = decline(asked, staff)
    with pytest.raises(NotYours):
        services.take_back_decision(decision_id=decision.pk, by=by)
    assert (state(asked), HeldDecision.objects.count()) == ("asked", 1)


def test_the_release_before_which_takes_it_for_an_approval_approves_nobody(staff):
    asked = with_seats_waited_for("Bo", waiting=("Di",))
    decision = decline(asked, staff)
    decision.delete()
    with pytest.raises(ChangedMeanwhile):
        deciding.approve_membership(membership_id=asked.pk, by=staff, seen=decision.seen)


def test_in_the_last_minute_in_which_seats_are_given_nobody_is_told_unread(staff):
    asked = with_seats_waited_for("Bo", "Cy", waiting=("Di", "Ed"))
    cohort = asked.person.learning_teams.get().cohort
    with time_machine.travel(cohort.seats_given_until - timedelta(minutes=1), tick=False):
        with pytest.raises(NotRehearsed):
            services.decline_or_hold(membership_id=asked.pk, by=staff, reason="No")
        # By the time that it takes effect nobody can be given a seat any more.
        assert foresee_declining(asked, reason="No").people == {asked.person.email}
        decline(asked, staff)
        assert (state(asked), len(the_window_passes())) == ("asked", 1)
    assert mails() == [("membership-declined", asked.person.email)]
