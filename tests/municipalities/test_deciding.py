"""Approving and declining, listing, refusing and merging cities: who may, what follows, what is told."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import roles
from core import clock
from municipalities import rules, services
from municipalities.errors import (
    DecidedAlready,
    Gone,
    IncompleteLocalGovernment,
    NotProposed,
    NotRepresentable,
    NotYours,
)
from municipalities.models import LocalGovernment, Membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return editor()


def test_staff_approve_the_first_coordinator(staff, heard, time):
    asked = make.coordinator(state="asked")
    approved = services.approve_membership(membership_id=asked.pk, by=staff)
    approved.refresh_from_db()
    assert (approved.state, approved.starts_on, approved.decided_by) == ("approved", clock.now().date(), staff)
    assert approved.decided_at == clock.now()
    assert heard == [("approved", asked)]
    assert mails() == [("membership-approved", asked.person.email)]


def test_approving_twice_changes_nothing_and_tells_nobody_again(staff, heard):
    asked = make.coordinator(state="asked")
    first = services.approve_membership(membership_id=asked.pk, by=staff)
    second = services.approve_membership(membership_id=asked.pk, by=editor())
    assert (second.decided_at, second.decided_by) == (first.decided_at, staff)
    assert (len(heard), len(mails())) == (1, 1)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (services.approve_membership, "This request is gone."),
        (lambda **given: services.decline_membership(reason="", **given), "This request is gone."),
        (lambda **given: services.change_request(role="member", department="", **given), "This request is gone."),
        (services.end_membership, "This membership is gone."),
        (services.make_coordinator, "This membership is gone."),
    ],
)
def test_a_membership_that_is_no_more_is_refused_in_words(staff, act, sentence):
    with pytest.raises(Gone) as refusal:
        act(membership_id=999_999, by=staff)
    assert str(refusal.value) == sentence


def test_a_coordinator_approves_and_declines_colleagues(heard):
    coordinator = make.coordinator()
    city = coordinator.local_government
    one, other = (make.membership(state="asked", local_government=city) for _ in range(2))
    services.approve_membership(membership_id=one.pk, by=coordinator.person)
    declined = services.decline_membership(membership_id=other.pk, by=coordinator.person, reason="Left last year")
    assert (declined.state, declined.reason, declined.decided_by) == ("declined", "Left last year", coordinator.person)
    assert heard == [("approved", one), ("declined", other)]
    assert mails() == [("membership-approved", one.person.email), ("membership-declined", other.person.email)]


def decide(verb, membership, by):
    extra = {"reason": "no"} if verb is services.decline_membership else {}
    return verb(membership_id=membership.pk, by=by, **extra)


VERBS = [services.approve_membership, services.decline_membership]


@pytest.mark.parametrize("verb", VERBS)
def test_a_coordinator_of_one_city_cannot_decide_for_another(verb):
    asked = make.membership(state="asked")
    with pytest.raises(NotYours):
        decide(verb, asked, make.coordinator().person)
    asked.refresh_from_db()
    assert asked.state == "asked"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", ["member", "coordinator"])
def test_nobody_enrols_themselves_as_coordinator_or_member(verb, role):
    asked = make.membership(state="asked", role=role)
    with pytest.raises(NotYours):
        decide(verb, asked, asked.person)


@pytest.mark.parametrize("verb", VERBS)
def test_staff_cannot_decide_their_own_request(verb, staff):
    asked = make.coordinator(state="asked", person=staff)
    with pytest.raises(NotYours):
        decide(verb, asked, staff)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "fields",
    [
        {"role": "member"},
        {"state": "asked"},
        {"state": "ended"},
        {"state": "declined"},
        {"ends_on": clock.now().date() - timedelta(days=1)},
        {"starts_on": clock.now().date() + timedelta(days=2)},
    ],
)
def test_who_does_not_coordinate_the_city_today_cannot_decide_for_it(verb, fields):
    other = make.coordinator(**fields)
    asked = make.membership(state="asked", local_government=other.local_government)
    with pytest.raises(NotYours):
        decide(verb, asked, other.person)


@pytest.mark.parametrize("verb", VERBS)
def test_a_deactivated_coordinator_cannot_decide(verb):
    coordinator = make.coordinator()
    asked = make.membership(state="asked", local_government=coordinator.local_government)
    coordinator.person.is_active = False
    with pytest.raises(NotYours):
        decide(verb, asked, coordinator.person)


def test_strangers_have_no_rights_and_ask_for_nothing():
    city = make.local_government()
    assert not rules.is_coordinator(AnonymousUser(), city.pk)
    assert not rules.has_asked_to_coordinate(AnonymousUser(), city.pk)
    assert not rules.may_decide_all(AnonymousUser())


def test_roles_that_decide():
    people = {role: PersonFactory(groups=[role], is_staff=True) for role in roles.ROLES}
    assert {role for role, person in people.items() if rules.may_decide_all(person)} == {
        roles.EDITORS,
        roles.MODERATORS,
    }


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        (services.approve_membership, "declined"),
        (services.approve_membership, "ended"),
        (services.decline_membership, "approved"),
        (services.decline_membership, "ended"),
    ],
)
def test_what_was_decided_stays(verb, state, staff):
    membership = make.membership(state=state)
    with pytest.raises(DecidedAlready):
        decide(verb, membership, staff)


def test_nobody_comes_to_represent_a_city_that_is_listed_no_longer(staff):
    asked = make.membership(state="asked", local_government=make.local_government(standing="retired"))
    with pytest.raises(NotRepresentable):
        services.approve_membership(membership_id=asked.pk, by=staff)


def complete(city):
    known = make.local_government()
    LocalGovernment.objects.filter(pk=city.pk).update(
        kind=known.kind, subregion=known.subregion, timezone=known.timezone
    )


def test_a_proposed_city_is_listed_by_approving_its_coordinator_once_it_is_complete(staff):
    asked = make.coordinator(state="asked", local_government=make.proposed())
    with pytest.raises(IncompleteLocalGovernment):
        services.approve_membership(membership_id=asked.pk, by=staff)
    complete(asked.local_government)
    services.approve_membership(membership_id=asked.pk, by=staff)
    assert LocalGovernment.objects.listed().filter(pk=asked.local_government_id).exists()


def test_a_proposed_city_is_accepted_by_staff_alone_and_once(staff):
    city = make.proposed()
    complete(city)
    with pytest.raises(NotYours):
        services.accept_local_government(local_government_id=city.pk, by=make.coordinator().person)
    for _ in range(2):
        assert services.accept_local_government(local_government_id=city.pk, by=staff).standing == "active"
    with pytest.raises(NotProposed):
        services.refuse_local_government(local_government_id=city.pk, by=staff)


def test_a_refused_proposal_is_retired_and_all_its_requests_declined(staff, heard):
    city = make.proposed()
    asked = [make.coordinator(state="asked", local_government=city) for _ in range(2)]
    services.refuse_local_government(local_government_id=city.pk, by=staff, reason="It is a company")
    city.refresh_from_db()
    assert city.standing == "retired"
    assert list(Membership.objects.values_list("state", "reason")) == [("declined", "It is a company")] * 2
    assert heard == [("declined", one) for one in asked]
    with pytest.raises(NotProposed):
        services.accept_local_government(local_government_id=city.pk, by=staff)


def test_merging_moves_the_requests_to_the_listed_city_and_tells_its_coordinators(staff, heard):
    city, proposed = make.local_government(), make.proposed()
    coordinator = make.coordinator(local_government=city)
    asked = make.coordinator(state="asked", local_government=proposed)
    services.refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=city.pk)
    asked.refresh_from_db()
    proposed.refresh_from_db()
    assert (asked.local_government, asked.state, proposed.standing) == (city, "asked", "retired")
    assert heard == [("merged", (proposed.pk, city.pk))]
    assert mails() == [("membership-asked", coordinator.person.email)]


def test_merging_keeps_the_first_of_two_open_requests_of_one_person(staff, heard):
    city, proposed = make.local_government(), make.proposed()
    first = make.coordinator(local_government=city)
    second = make.coordinator(state="asked", local_government=proposed, person=first.person)
    services.refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=city.pk)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, second.local_government) == ("approved", "ended", city)
    assert heard == [("merged", (proposed.pk, city.pk)), ("approved", first)]


def test_merging_approves_nobody_by_a_membership_whose_last_day_has_passed(staff, heard):
    city, proposed = make.local_government(), make.proposed()
    over = make.coordinator(local_government=city, ends_on=clock.now().date() - timedelta(days=1))
    asked = make.coordinator(state="asked", local_government=proposed, person=over.person)
    services.refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=city.pk)
    over.refresh_from_db()
    asked.refresh_from_db()
    assert (over.state, asked.state, asked.local_government) == ("ended", "asked", city)
    assert heard == [("ended", over), ("merged", (proposed.pk, city.pk))]
    assert list(Membership.objects.waiting_for_staff()) == [asked]


def test_merging_keeps_the_wish_to_coordinate(staff, heard):
    city, proposed = make.local_government(), make.proposed()
    first = make.membership(state="asked", local_government=city)
    make.coordinator(state="asked", local_government=proposed, person=first.person)
    services.refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=city.pk)
    assert rules.has_asked_to_coordinate(first.person, city.pk)
    assert heard == [("merged", (proposed.pk, city.pk))]


def test_merging_tells_a_member_that_it_does_not_make_them_coordinator(staff, heard):
    city, proposed = make.local_government(), make.proposed()
    first = make.membership(local_government=city)
    wish = make.coordinator(state="asked", local_government=proposed, person=first.person)
    services.refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=city.pk)
    first.refresh_from_db()
    wish.refresh_from_db()
    assert (first.state, first.role) == ("approved", "member")
    assert (wish.state, wish.local_government, wish.decided_by) == ("declined", city, staff)
    assert wish.reason.startswith("You belong to this city's team already.")
    assert heard == [("merged", (proposed.pk, city.pk)), ("declined", wish)]
    assert mails() == [("membership-declined", first.person.email)]


def test_nothing_is_merged_into_itself_or_into_what_is_not_listed(staff):
    proposed, other = make.proposed(), make.proposed()
    for target in (proposed.pk, other.pk, make.local_government(standing="retired").pk, 0):
        with pytest.raises(NotRepresentable):
            services.refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=target)


def test_a_coordinator_can_neither_refuse_nor_merge_a_proposal():
    proposed, coordinator = make.proposed(), make.coordinator()
    for target in (None, coordinator.local_government_id):
        with pytest.raises(NotYours):
            services.refuse_local_government(local_government_id=proposed.pk, by=coordinator.person, same_as=target)


def test_what_waits_for_staff():
    proposed = make.proposed()
    coordinated = make.coordinator().local_government
    formerly = make.coordinator(ends_on=clock.now().date() - timedelta(days=1)).local_government
    waiting = [
        make.coordinator(state="asked", asked_at=clock.now() - timedelta(days=4)),
        make.membership(state="asked", local_government=proposed, asked_at=clock.now() - timedelta(days=3)),
        make.coordinator(state="asked", local_government=formerly, asked_at=clock.now() - timedelta(days=2)),
    ]
    # Nobody else can decide on a member either where nobody coordinates; the eldest of all.
    waiting.insert(0, make.membership(state="asked"))
    make.membership(state="asked", local_government=coordinated)
    make.coordinator(state="asked", local_government=coordinated)
    make.membership(state="declined", local_government=proposed)
    assert list(Membership.objects.waiting_for_staff()) == waiting
