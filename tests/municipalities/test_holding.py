"""Decisions that write to many: held for the undo window, taken back, superseded, carried out; what is to one is not."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import roles
from accounts.enums import Channel
from accounts.services import erase
from core import clock
from core.personal import Subject
from core.signals import database_restored
from mail import undo
from municipalities import services
from municipalities.errors import (
    ChangedMeanwhile,
    DecidedAndHeld,
    IncompleteLocalGovernment,
    NotRehearsed,
    NotRepresentable,
    NotYours,
    TooLateToTakeBack,
)
from municipalities.models import HeldDecision, LocalGovernment, Membership
from municipalities.services import deciding
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor
from tests.municipalities.decisions import approve, merge, proposed_by, refuse, the_window_passes, with_team
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return editor()


def states(*memberships: Membership) -> list[str]:
    return [Membership.objects.get(pk=one.pk).state for one in memberships]


def standing(city: LocalGovernment) -> str:
    return LocalGovernment.objects.get(pk=city.pk).standing


def test_approving_somebody_with_a_team_happens_when_the_window_has_passed(staff, heard, time):
    asked = with_team("Bo", "Cy")
    decision = approve(asked, staff)
    assert (decision.kind, decision.by, decision.takes_effect_at) == ("approve", staff, undo.leaves_at())
    assert (states(asked), heard, mails(), services.carry_out_decisions()) == (["asked"], [], [], [])
    time.shift(undo.undo_window() - timedelta(seconds=1))
    assert (services.carry_out_decisions(), states(asked)) == ([], ["asked"])
    time.shift(timedelta(seconds=1))
    assert (services.carry_out_decisions(), states(asked), heard) == (
        [decision.pk],
        ["approved"],
        [("approved", asked)],
    )
    assert mails()[0] == ("membership-approved", asked.person.email)
    assert sorted(mails()[1:]) == [
        ("team-invitation", "bo@example.org"),
        ("team-invitation", "cy@example.org"),
        ("team-sent", asked.person.email),
    ]
    asked.refresh_from_db()
    assert (asked.decided_by, services.carry_out_decisions()) == (staff, [])


def test_refusing_a_city_that_several_asked_for_happens_when_the_window_has_passed(staff):
    first, second = proposed_by(2)
    decision = refuse(first.local_government, staff, reason="A company")
    assert (standing(first.local_government), states(first, second), mails()) == ("pending", ["asked"] * 2, [])
    assert the_window_passes() == [decision.pk]
    assert (standing(first.local_government), states(first, second)) == ("retired", ["declined"] * 2)
    assert set(Membership.objects.values_list("reason", flat=True)) == {"A company"}
    assert mails() == [("membership-declined", one.person.email) for one in (first, second)]


def test_merging_where_several_coordinators_read_of_it_happens_when_the_window_has_passed(staff):
    listed = make.local_government()
    both = [make.coordinator(local_government=listed) for _each in range(2)]
    [asked] = proposed_by(1)
    decision = merge(asked.local_government, listed, staff)
    assert (standing(asked.local_government), mails(), decision.same_as) == ("pending", [], listed)
    assert the_window_passes() == [decision.pk]
    asked.refresh_from_db()
    assert (asked.local_government, asked.state) == (listed, "asked")
    assert mails() == [("membership-asked", one.person.email) for one in both]


def test_what_writes_to_one_person_happens_at_once_unread(staff):
    alone, member = with_team(), make.membership(state="asked")
    [of_city] = proposed_by(1)
    [of_merged] = proposed_by(1)
    listed = make.coordinator().local_government
    for one in (alone, member):
        services.approve_or_hold(membership_id=one.pk, by=staff)
    services.refuse_or_hold(local_government_id=of_city.local_government_id, by=staff, reason="No")
    services.refuse_or_hold(local_government_id=of_merged.local_government_id, by=staff, same_as=listed.pk)
    assert states(alone, member, of_city, of_merged) == ["approved", "approved", "declined", "asked"]
    assert (Membership.objects.get(pk=of_merged.pk).local_government, HeldDecision.objects.count()) == (listed, 0)


def test_who_wrote_only_themselves_down_is_approved_at_once(staff):
    asked = with_team("Ana", person=PersonFactory(email="ana@example.org"))
    assert approve(asked, staff) == asked
    assert {address for _kind, address in mails()} == {"ana@example.org"}


def test_without_a_window_it_happens_at_once_and_leaves_no_row(staff, settings):
    settings.MAIL_UNDO_SECONDS = 0
    asked, (first, second) = with_team("Bo"), proposed_by(2)
    with pytest.raises(NotRehearsed):
        services.approve_or_hold(membership_id=asked.pk, by=staff)
    approve(asked, staff)
    refuse(first.local_government, staff)
    assert states(asked, first, second) == ["approved", "declined", "declined"]
    assert HeldDecision.objects.count() == 0


def test_nothing_is_held_of_which_nobody_has_read_whom_it_tells_now(staff):
    asked, (first, _second) = with_team("Bo"), proposed_by(2)
    city = first.local_government_id
    for mark in ("", "x"):
        with pytest.raises(NotRehearsed):
            services.approve_or_hold(membership_id=asked.pk, by=staff, rehearsed=mark)
        with pytest.raises(NotRehearsed):
            services.refuse_or_hold(local_government_id=city, by=staff, reason="No", rehearsed=mark)
    # Somebody else has asked since, or the words are others.
    read = services.foreseeing.foresee_refusing(first.local_government, reason="No").mark
    with pytest.raises(NotRehearsed):
        services.refuse_or_hold(local_government_id=city, by=staff, reason="Other words", rehearsed=read)
    make.coordinator(state="asked", local_government=first.local_government)
    with pytest.raises(NotRehearsed):
        services.refuse_or_hold(local_government_id=city, by=staff, reason="No", rehearsed=read)
    assert (HeldDecision.objects.count(), mails()) == (0, [])


def test_the_same_decision_twice_is_held_once(staff):
    asked, (first, _second) = with_team("Bo"), proposed_by(2)
    listed = make.coordinator().local_government
    make.coordinator(local_government=listed)
    [of_merged] = proposed_by(1)
    for decide in (
        lambda by: approve(asked, by),
        lambda by: refuse(first.local_government, by),
        lambda by: merge(of_merged.local_government, listed, by),
    ):
        once = decide(staff)
        again = decide(editor())
        assert (again.pk, again.by, again.takes_effect_at) == (once.pk, staff, once.takes_effect_at)
    assert HeldDecision.objects.count() == 3


def test_what_cannot_be_decided_is_refused_before_it_is_held(staff):
    proposed = with_team("Bo", local_government=make.proposed())
    asked = with_team("Cy")
    with pytest.raises(IncompleteLocalGovernment):
        approve(proposed, staff)
    with pytest.raises(ChangedMeanwhile):
        services.approve_or_hold(membership_id=asked.pk, by=staff, seen="member:")
    first, _second = proposed_by(2)
    with pytest.raises(NotRepresentable):
        merge(first.local_government, make.proposed(), staff)
    assert HeldDecision.objects.count() == 0


def test_taken_back_nothing_has_happened_and_it_can_be_decided_anew(staff, heard):
    asked, (first, second) = with_team("Bo"), proposed_by(2)
    for decision in (approve(asked, staff), refuse(first.local_government, staff)):
        # By a colleague just as well.
        services.take_back_decision(decision_id=decision.pk, by=editor())
    assert (the_window_passes(), states(asked, first, second), heard, mails()) == ([], ["asked"] * 3, [], [])
    approve(asked, staff)
    assert len(the_window_passes()) == 1
    assert states(asked) == ["approved"]


def test_what_has_taken_effect_or_was_taken_back_is_too_late_to_take_back(staff):
    asked = with_team("Bo")
    decision = approve(asked, staff)
    services.take_back_decision(decision_id=decision.pk, by=staff)
    later = approve(asked, staff)
    for key in (decision.pk, later.pk):
        if key == later.pk:
            the_window_passes()
        with pytest.raises(TooLateToTakeBack) as refusal:
            services.take_back_decision(decision_id=key, by=staff)
    assert str(refusal.value).startswith("This cannot be taken back any more: it has taken effect")
    assert states(asked) == ["approved"]


@pytest.mark.parametrize("who", ["stranger", "asker", "drafted coordinator", roles.EVENT_MANAGERS])
def test_who_may_not_decide_neither_holds_nor_takes_back(staff, who):
    asked, (first, _second) = with_team("Bo"), proposed_by(2)
    by = {
        "stranger": PersonFactory,
        "asker": lambda: asked.person,
        "drafted coordinator": lambda: with_team(local_government=asked.local_government).person,
        roles.EVENT_MANAGERS: lambda: PersonFactory(is_staff=True, groups=[roles.EVENT_MANAGERS]),
    }[who]()
    with pytest.raises(NotYours):
        approve(asked, by)
    with pytest.raises(NotYours):
        refuse(first.local_government, by)
    held = [approve(asked, staff), refuse(first.local_government, staff)]
    for decision in held:
        with pytest.raises(NotYours):
            services.take_back_decision(decision_id=decision.pk, by=by)
    assert HeldDecision.objects.count() == 2


def test_a_coordinator_takes_back_the_approval_of_a_colleague_and_not_the_refusal_of_a_city(staff):
    coordinator = make.coordinator()
    asked = with_team("Bo", local_government=coordinator.local_government)
    decision = approve(asked, staff)
    services.take_back_decision(decision_id=decision.pk, by=coordinator.person)
    first, _second = proposed_by(2)
    refused = refuse(first.local_government, staff)
    with pytest.raises(NotYours):
        services.take_back_decision(decision_id=refused.pk, by=coordinator.person)
    assert list(HeldDecision.objects.all()) == [refused]


def test_nobody_decides_otherwise_while_an_approval_is_held(staff):
    # Proposed and complete, so that all could be done.
    asked = with_team("Bo", local_government=make.local_government(standing="pending"))
    listed = make.local_government()
    approve(asked, staff)
    city = asked.local_government_id
    for verb, given in (
        (services.approve_membership, {"membership_id": asked.pk}),
        (services.decline_membership, {"membership_id": asked.pk, "reason": "No"}),
        (services.refuse_local_government, {"local_government_id": city}),
        (services.refuse_local_government, {"local_government_id": city, "same_as": listed.pk}),
        (services.refuse_or_hold, {"local_government_id": city, "reason": "No"}),
    ):
        with pytest.raises(DecidedAndHeld) as refusal:
            verb(by=staff, **given)
    assert str(refusal.value) == "Somebody has decided this just now and can still take it back. Take that back first."
    # Listing the city is no other decision: approving would list it.
    services.accept_local_government(local_government_id=city, by=staff)
    assert (len(the_window_passes()), states(asked)) == (1, ["approved"])


def test_nobody_decides_otherwise_while_a_refusal_is_held(staff):
    city = make.local_government(standing="pending")
    first, second = (make.coordinator(state="asked", local_government=city) for _each in range(2))
    listed = make.local_government()
    refuse(city, staff)
    for verb, given in (
        (services.approve_or_hold, {"membership_id": first.pk}),
        (services.approve_membership, {"membership_id": first.pk}),
        (services.decline_membership, {"membership_id": second.pk, "reason": "No"}),
        (services.refuse_local_government, {"local_government_id": city.pk}),
        (services.refuse_or_hold, {"local_government_id": city.pk, "same_as": listed.pk}),
        (services.refuse_or_hold, {"local_government_id": city.pk, "reason": "Other words"}),
        (services.accept_local_government, {"local_government_id": city.pk}),
    ):
        with pytest.raises(DecidedAndHeld):
            verb(by=staff, **given)
    assert (states(first, second), standing(city)) == (["asked"] * 2, "pending")


def test_who_takes_their_request_back_takes_the_approval_with_it(staff):
    asked = with_team("Bo")
    approve(asked, staff)
    services.end_membership(membership_id=asked.pk, by=asked.person)
    assert (HeldDecision.objects.count(), the_window_passes(), states(asked), mails()) == (0, [], ["ended"], [])


@pytest.mark.parametrize("what", ["refusal", "merge"])
def test_who_is_the_last_to_take_their_request_back_takes_what_is_held_about_the_city_with_it(staff, what):
    first, second = proposed_by(2)
    city, listed = first.local_government, make.local_government()
    for _each in range(2):
        make.coordinator(local_government=listed)
    if what == "merge":
        merge(city, listed, staff)
    else:
        refuse(city, staff)
    services.end_membership(membership_id=first.pk, by=first.person)
    assert HeldDecision.objects.count() == 1
    services.end_membership(membership_id=second.pk, by=second.person)
    assert (HeldDecision.objects.count(), the_window_passes(), standing(city), mails()) == (0, [], "pending", [])


def test_who_asks_for_something_else_is_not_approved_by_what_was_decided_before(staff):
    asked = with_team("Bo")
    approve(asked, staff)
    services.change_request(membership_id=asked.pk, by=asked.person, role="coordinator", department="")
    assert HeldDecision.objects.count() == 1
    services.change_request(membership_id=asked.pk, by=asked.person, role="coordinator", department="Klimat")
    assert (HeldDecision.objects.count(), the_window_passes(), states(asked), mails()) == (0, [], ["asked"], [])


def test_who_leaves_a_refused_city_meanwhile_is_not_told_and_who_joins_is(staff):
    first, second = proposed_by(2)
    city = first.local_government
    refuse(city, staff)
    services.end_membership(membership_id=first.pk, by=first.person)
    third = services.represent(person=PersonFactory(), local_government_id=city.pk, role="coordinator")
    assert len(the_window_passes()) == 1
    assert states(first, second, third) == ["ended", "declined", "declined"]
    assert mails() == [("membership-declined", one.person.email) for one in (second, third)]


@pytest.mark.parametrize("who", ["asker", "decider"])
def test_erasing_who_asked_or_who_decided_leaves_nothing_held(staff, who):
    asked = with_team("Bo")
    approve(asked, staff)
    gone = asked.person if who == "asker" else staff
    editor()
    erase(subject=Subject(gone.pk, (gone.email,)), channel=Channel.STAFF, by=None)
    assert (HeldDecision.objects.count(), the_window_passes(), mails()) == (0, [], [])
    if who == "decider":
        assert states(asked) == ["asked"]


def test_who_has_lost_the_right_meanwhile_approves_nobody_and_the_log_names_nobody(staff, caplog):
    asked = with_team("Bo")
    decision = approve(asked, staff)
    staff.groups.clear()
    with caplog.at_level(logging.WARNING):
        assert the_window_passes() == []
    assert (states(asked), HeldDecision.objects.count(), mails()) == (["asked"], 0, [])
    assert [one.getMessage() for one in caplog.records if one.name.startswith("municipalities")] == [
        f"What was decided under number {decision.pk} is dropped: NotYours"
    ]


def test_a_city_that_is_no_proposal_any_more_is_not_refused(staff):
    first, second = proposed_by(2)
    refuse(first.local_government, staff)
    LocalGovernment.objects.filter(pk=first.local_government_id).update(standing="retired")
    assert (the_window_passes(), states(first, second), HeldDecision.objects.count()) == ([], ["asked"] * 2, 0)


def test_one_that_breaks_holds_up_no_other_and_can_be_taken_back(staff, monkeypatch):
    broken, sound = with_team("Bo"), with_team("Cy")
    first = approve(broken, staff)
    approve(sound, staff)
    approves = deciding.approve_membership

    def breaks(*, membership_id, **given):
        approved = approves(membership_id=membership_id, **given)
        if membership_id == broken.pk:
            raise RuntimeError
        return approved

    monkeypatch.setattr(deciding, "approve_membership", breaks)
    assert len(the_window_passes()) == 1
    assert (states(broken, sound), list(HeldDecision.objects.all())) == (["asked", "approved"], [first])
    services.take_back_decision(decision_id=first.pk, by=staff)
    assert HeldDecision.objects.count() == 0


def test_a_restored_site_carries_out_nothing_that_the_lost_one_may_have_done(staff, monkeypatch):
    asked, (first, _second) = with_team("Bo"), proposed_by(2)
    approve(asked, staff)
    refuse(first.local_government, staff)
    # A backup of the release before has no such table.
    with monkeypatch.context() as earlier:
        earlier.setattr(connection.introspection, "table_names", list)
        database_restored.send(sender=None, made_at=clock.now())
    assert HeldDecision.objects.count() == 2
    database_restored.send(sender=None, made_at=clock.now())
    assert (HeldDecision.objects.count(), the_window_passes(), states(asked, first)) == (0, [], ["asked"] * 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "end"},
        {"membership": None},
        {"kind": "refuse"},
        {"same_as": "listed"},
        {"reason": "No"},
        {"kind": "merge", "membership": None, "seen": "", "local_government": "proposed"},
        {"kind": "merge", "membership": None, "seen": "", "local_government": "listed", "same_as": "listed"},
        {"kind": "refuse", "membership": None, "local_government": "proposed", "seen": "member:"},
        {"kind": "decline", "seen": "member:"},
        {"kind": "decline", "membership": None, "local_government": "proposed"},
        {"takes_effect_at": "before"},
    ],
)
def test_the_database_refuses_a_decision_about_nothing_or_two_things(staff, wrong):
    things = {"listed": make.local_government(), "proposed": make.proposed(), "before": clock.now() - timedelta(1)}
    asked = with_team()
    sound = {"kind": "approve", "membership": asked, "by": staff, "takes_effect_at": clock.now() + timedelta(1)}
    given = {name: things.get(value, value) if isinstance(value, str) else value for name, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        HeldDecision.objects.create(**{**sound, **given})
    HeldDecision.objects.create(**sound)
    with pytest.raises(IntegrityError), transaction.atomic():
        HeldDecision.objects.create(**sound)
