"""Ending memberships and handing over: who may, when it takes hold, what is told."""

from datetime import timedelta

import pytest

from core import clock
from mail.models import Message
from municipalities import rules, services
from municipalities.errors import DecidedAlready, EndsBeforeStart, NotDecidedYet, NotYours
from municipalities.models import Membership
from municipalities.services import locks
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("time")
def test_a_person_leaves_and_gets_no_mail(heard):
    membership = make.membership()
    services.end_membership(membership_id=membership.pk, by=membership.person)
    membership.refresh_from_db()
    assert (membership.state, membership.ends_on) == ("ended", clock.now().date())
    assert (heard, mails()) == ([("ended", membership)], [])


def test_a_coordinator_ends_a_colleagues_membership_who_is_told(heard):
    coordinator = make.coordinator()
    membership = make.membership(local_government=coordinator.local_government)
    services.end_membership(membership_id=membership.pk, by=coordinator.person)
    assert heard == [("ended", membership)]
    assert mails() == [("membership-ended", membership.person.email)]
    services.end_membership(membership_id=membership.pk, by=coordinator.person)
    assert len(heard) == 1


@pytest.mark.usefixtures("time")
def test_a_request_is_taken_back(heard):
    asked = make.coordinator(state="asked")
    services.end_membership(membership_id=asked.pk, by=asked.person)
    asked.refresh_from_db()
    assert (asked.state, asked.starts_on, asked.ends_on) == ("ended", None, clock.now().date())
    assert heard == [("ended", asked)]


def test_what_somebody_asks_nobody_else_ends_without_a_reason(heard):
    coordinator = make.coordinator()
    asked = make.membership(state="asked", local_government=coordinator.local_government)
    for by in (coordinator.person, PersonFactory(admin=True)):
        with pytest.raises(NotDecidedYet):
            services.end_membership(membership_id=asked.pk, by=by)
    asked.refresh_from_db()
    assert (asked.state, heard, mails()) == ("asked", [], [])


def test_a_coordinator_of_one_city_cannot_end_a_membership_of_another():
    membership = make.membership()
    for stranger in (make.coordinator().person, PersonFactory()):
        with pytest.raises(NotYours):
            services.end_membership(membership_id=membership.pk, by=stranger)


def test_a_last_day_ahead_ends_nothing_before_it_has_passed(heard, monkeypatch):
    membership = make.coordinator()
    city = membership.local_government_id
    now = clock.now()
    last = now.date() + timedelta(days=3)
    services.end_membership(membership_id=membership.pk, by=membership.person, ends_on=last)
    assert services.end_overdue() == 0
    assert (rules.is_coordinator(membership.person, city), heard) == (True, [])
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=3))
    assert (services.end_overdue(), rules.is_coordinator(membership.person, city)) == (0, True)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=4))
    assert not rules.is_coordinator(membership.person, city)
    assert services.end_overdue() == 1
    membership.refresh_from_db()
    assert (membership.state, membership.ends_on, heard) == ("ended", last, [("ended", membership)])


def test_whose_last_day_somebody_else_notes_is_told_each_time_it_changes():
    coordinator = make.coordinator()
    membership = make.membership(local_government=coordinator.local_government)
    today = clock.now().date()
    for ahead in (3, 3, 5, 3):
        services.end_membership(
            membership_id=membership.pk, by=coordinator.person, ends_on=today + timedelta(days=ahead)
        )
    assert mails() == [("membership-last-day", membership.person.email)] * 3
    days = [(today + timedelta(days=ahead)).isoformat() for ahead in (3, 5, 3)]
    assert [one.params["last_day"] for one in Message.objects.order_by("pk")] == days


def test_who_notes_their_own_last_day_gets_no_mail_then_or_later(time):
    membership = make.membership()
    services.end_membership(membership_id=membership.pk, by=membership.person, ends_on=clock.now().date())
    time.shift(timedelta(days=1))
    assert (services.end_overdue(), mails()) == (1, [])


def test_the_last_day_cannot_lie_before_the_first():
    membership = make.membership()
    with pytest.raises(EndsBeforeStart):
        services.end_membership(
            membership_id=membership.pk, by=membership.person, ends_on=membership.starts_on - timedelta(days=1)
        )


def test_what_was_declined_cannot_be_ended():
    membership = make.membership(state="declined")
    with pytest.raises(DecidedAlready):
        services.end_membership(membership_id=membership.pk, by=membership.person)


def test_a_coordinator_hands_over_to_a_member_of_the_team():
    coordinator = make.coordinator()
    member = make.membership(local_government=coordinator.local_government)
    services.make_coordinator(membership_id=member.pk, by=coordinator.person)
    services.make_coordinator(membership_id=member.pk, by=coordinator.person)
    assert rules.is_coordinator(member.person, member.local_government_id)
    assert mails() == [("membership-coordinator", member.person.email)]
    services.end_membership(membership_id=coordinator.pk, by=coordinator.person)
    assert not rules.is_coordinator(coordinator.person, member.local_government_id)


@pytest.mark.parametrize("state", ["asked", "ended", "declined"])
def test_nobody_is_made_coordinator_who_does_not_belong_to_the_team(state):
    coordinator = make.coordinator()
    other = make.membership(local_government=coordinator.local_government, state=state)
    with pytest.raises(NotYours):
        services.make_coordinator(membership_id=other.pk, by=coordinator.person)


def test_a_member_or_a_coordinator_elsewhere_cannot_make_coordinators():
    member = make.membership()
    for by in (
        member.person,
        make.coordinator().person,
        make.membership(local_government=member.local_government).person,
    ):
        with pytest.raises(NotYours):
            services.make_coordinator(membership_id=member.pk, by=by)


def test_a_person_who_is_erased_while_memberships_end_keeps_nobody_elses_open(monkeypatch):
    yesterday = clock.now().date() - timedelta(days=1)
    erased, other = (make.coordinator(starts_on=yesterday, ends_on=yesterday) for _ in range(2))
    lock = locks.membership

    def erased_first(key: int) -> Membership:
        if key == erased.pk:
            erased.person.delete()
        return lock(key)

    monkeypatch.setattr(locks, "membership", erased_first)
    assert services.end_overdue() == 1
    other.refresh_from_db()
    assert other.state == "ended"
