"""What is read before a coordinator is approved: as many of each mail as then leave, whoever was written down."""

from collections import Counter
from datetime import date, timedelta

import pytest
import time_machine

from learning.models import Cohort, TeamRequest
from learning.services import call_off_cohort, withdraw_teams
from mail import rehearsal, undo
from mail.models import Message
from municipalities.audiences import mailed
from municipalities.models import Membership
from municipalities.services.foreseeing import (
    ToBeTold,
    foresee_approving,
    foresee_declining,
    foresee_merging,
    foresee_refusing,
)
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, editor
from tests.factories.mail import deliver_all
from tests.learning.people import asked
from tests.municipalities import decisions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_server")]


def foreseen(told: ToBeTold) -> Counter[tuple[str, str]]:
    """Return how many would get which mail, by its kind and address."""
    found: Counter[tuple[str, str]] = Counter()
    for one in mailed(told):
        kind = one.name.rpartition("-")[0] if one.name[-1].isdigit() else one.name
        addresses = list(one.audience.addresses())
        found.update((kind, address) for address in addresses)
        assert rehearsal.rehearse(one.audience).total == len(addresses)
    return found


def written() -> Counter[tuple[str, str]]:
    """Return what has left: what makes no sense when it is written, as of a team that is all known, does not."""
    with time_machine.travel(undo.leaves_at() + timedelta(hours=1), tick=False):
        deliver_all()
    assert set(Message.objects.values_list("state", flat=True)) <= {"accepted", "cancelled"}
    return Counter(Message.objects.filter(state="accepted").values_list("kind", "to_address"))


def team_of_all_kinds(by: Membership, *, known_by: Membership) -> None:
    """Write down people who get a seat, wait, apply, are known already, come too late, or whose cohort is off or over."""
    make.team(make.cohort(seats=2), "Bo", "Cy", "Di", coordinator=by)
    make.team(make.cohort(), "Bo", "Ed", coordinator=by)
    make.team(make.cohort(admission="approval"), "Fe", coordinator=by)
    off, late, over = make.cohort(), make.cohort(seats=1), make.cohort()
    for cohort, names in ((off, ("Gus",)), (late, ("Hal", "Ike")), (over, ("Jo",))):
        make.team(cohort, *names, coordinator=by)
    call_off_cohort(cohort_id=off.pk)
    Cohort.objects.filter(pk=late.pk).update(starts_on=date(2020, 1, 1))
    Cohort.objects.filter(pk=over.pk).update(starts_on=date(2020, 1, 1), ends_on=date(2020, 2, 1))
    common = make.cohort()
    for one in (by, known_by):
        make.team(common, "Kim", coordinator=one)
    Message.objects.all().delete()


def test_as_many_are_written_to_as_was_read():
    membership = asked()
    team_of_all_kinds(membership, known_by=cities.coordinator(local_government=membership.local_government))
    told = foresee_approving(membership)
    expected = foreseen(told)
    assert (len(told.people), told.drafts.applying) == (6, 1)
    assert expected["team-invitation", "bo@example.org"] == 2
    decisions.approve(membership, editor())
    assert written() == Counter()
    assert len(decisions.the_window_passes()) == 1
    assert written() == expected


def test_as_many_are_written_to_by_a_merge_as_was_read():
    listed, city = cities.local_government(), cities.proposed()
    first = cities.coordinator(local_government=listed)
    colleague = cities.coordinator(local_government=listed)
    again = asked(person=first.person, local_government=city)
    team_of_all_kinds(again, known_by=colleague)
    asked(local_government=city)
    Message.objects.all().delete()
    told = foresee_merging(city, listed)
    expected = foreseen(told)
    assert expected["membership-asked", colleague.person.email] == 1
    assert expected["team-invitation", "kim@example.org"] == 0
    decisions.merge(city, listed, editor())
    assert len(decisions.the_window_passes()) == 1
    assert written() == expected


def left(kind: str) -> str:
    """Return the text of the one mail of a kind that has left."""
    written()
    return Message.objects.get(kind=kind).text


def test_the_sample_to_the_coordinator_names_the_teams_that_they_then_coordinate():
    membership = asked()
    later, sooner, lapsed = make.cohort(name="Later"), make.cohort(name="Sooner"), make.cohort(seats=1, name="Lapsed")
    Cohort.objects.filter(pk=later.pk).update(starts_on=later.starts_on + timedelta(days=1))
    for cohort in (later, sooner):
        make.team(cohort, "Bo", coordinator=membership)
    make.team(lapsed, "Hal", coordinator=asked())
    make.team(lapsed, "Ike", coordinator=membership)
    Cohort.objects.filter(pk=lapsed.pk).update(starts_on=date(2020, 1, 1))
    [audience] = [one.audience for one in mailed(foresee_approving(membership)) if one.name == "membership-approved"]
    text = rehearsal.sample(audience, "en").text
    assert text.index("Teams in courses that you coordinate now:") < text.index("Sooner") < text.index("Later")
    assert "Lapsed" not in text
    # Its links are in the language of the sample.
    assert "/fr/" in rehearsal.sample(audience, "fr").text
    decisions.approve(membership, editor())
    decisions.the_window_passes()
    assert left("membership-approved") == text


def test_the_sample_to_who_is_declined_by_a_merge_names_the_city_that_they_belong_to():
    listed, city = cities.local_government(name="Göteborg"), cities.proposed(name="Gothenburg")
    member = cities.membership(local_government=listed)
    asked(person=member.person, local_government=city)
    cities.coordinator(local_government=listed)
    asked(local_government=city)
    Message.objects.all().delete()
    [audience] = [one.audience for one in mailed(foresee_merging(city, listed)) if one.name == "membership-declined"]
    text = rehearsal.sample(audience, "en").text
    assert ("Göteborg" in text, "Gothenburg" in text) == (True, False)
    decisions.merge(city, listed, editor())
    decisions.the_window_passes()
    assert left("membership-declined") == text


def test_the_samples_name_who_invites_and_for_which_city():
    membership = asked(local_government=cities.local_government(name="Göteborg"))
    membership.person.display_name = "Ana Silva"
    membership.person.save()
    make.team(make.cohort(seats=1), "Bodil Berg", "Cyrus Chen", coordinator=membership)
    mails = {one.name.rpartition("-")[0]: one.audience for one in mailed(foresee_approving(membership))}
    for kind, number in (("team-invitation", 1), ("enrolment-waiting", 1)):
        found = [one.content.text for one in rehearsal.rehearse(mails[kind]).samples if one.number]
        assert [("Ana Silva" in one, "Göteborg" in one, "Bodil" in one or "Cyrus" in one) for one in found] == [
            (True, True, False)
        ] * number, found
    said = rehearsal.sample(mails["team-sent"], "en").text
    assert ("1 person has a seat." in said, "1 person waits for a seat." in said) == (True, True)


def others_wait(cohort: Cohort, *names: str) -> None:
    """Let people of another city wait in a cohort, after all that have asked for it."""
    make.team(cohort, *names)
    Message.objects.all().delete()


def test_as_many_get_the_seats_of_who_is_declined_as_was_read():
    membership = asked()
    first, second, off = make.cohort(seats=2), make.cohort(seats=1), make.cohort(seats=1)
    for cohort in (first, second, off):
        make.team(cohort, "Bo", "Cy", coordinator=membership)
        others_wait(cohort, "Di", "Ed")
    call_off_cohort(cohort_id=off.pk)
    Message.objects.all().delete()
    told = foresee_declining(membership, reason="No")
    expected = foreseen(told)
    assert sorted((kind, address[:2], number) for (kind, address), number in expected.items()) == [
        ("enrolment-promoted", "di", 2),
        ("enrolment-promoted", "ed", 1),
        ("membership-declined", membership.person.email[:2], 1),
    ]
    assert len(told.people) == 3
    decisions.decline(membership, editor())
    assert (written(), len(decisions.the_window_passes()), written()) == (Counter(), 1, expected)


def test_as_many_get_the_seats_of_a_refused_city_s_teams_as_was_read():
    city = cities.proposed()
    several = [asked(local_government=city) for _each in range(2)]
    cohort = make.cohort(seats=3)
    make.team(cohort, "Bo", "Cy", coordinator=several[0])
    make.team(cohort, "Di", "Ed", coordinator=several[1])
    others_wait(cohort, "Fe", "Gus")
    expected = foreseen(foresee_refusing(city, reason="A company"))
    assert expected["enrolment-promoted", "gus@example.org"] == 1
    assert len(expected) == 4
    decisions.refuse(city, editor(), reason="A company")
    assert (len(decisions.the_window_passes()), written()) == (1, expected)


def test_as_many_get_the_seats_of_doubles_as_was_read_before_a_merge():
    listed, city = cities.local_government(), cities.proposed()
    member = cities.membership(local_government=listed)
    gone = asked(person=member.person, local_government=city)
    twice = asked(local_government=listed)
    again = asked(person=twice.person, local_government=city)
    cities.coordinator(local_government=listed)
    cohort = make.cohort(seats=3, seats_per_local_government=2)
    make.team(cohort, "Bo", coordinator=gone)
    make.team(cohort, "Cy", coordinator=twice)
    make.team(cohort, "Cy", coordinator=again)
    others_wait(cohort, "Di", "Ed", "Fe")
    told = foresee_merging(city, listed)
    expected = foreseen(told)
    assert {key for key in expected if key[0] == "enrolment-promoted"} == {
        ("enrolment-promoted", "di@example.org"),
        ("enrolment-promoted", "ed@example.org"),
    }
    decisions.merge(city, listed, editor())
    assert (len(decisions.the_window_passes()), written()) == (1, expected)


@pytest.mark.parametrize("ending", ["listed", "proposed"])
def test_as_many_get_the_seats_of_a_draft_that_a_merge_withdraws_as_was_read(ending):
    listed, city = cities.local_government(), cities.proposed()
    twice = asked(local_government=listed)
    again = asked(person=twice.person, local_government=city)
    for _each in range(2):
        cities.coordinator(local_government=listed)
    cohort = make.cohort(seats=4)
    make.team(cohort, "Bo", "Cy", coordinator=twice)
    make.team(cohort, "Bo", "Di", coordinator=again)
    others_wait(cohort, "Ed", "Fe", "Gus")
    leaving = twice if ending == "listed" else again
    drafts = TeamRequest.objects.filter(local_government=leaving.local_government)
    withdraw_teams(team_ids=[drafts.get().pk], by=twice.person, at=undo.leaves_at() + timedelta(hours=1))
    assert drafts.get().withdraws_at is not None
    expected = foreseen(foresee_merging(city, listed))
    assert sorted(address[:2] for kind, address in expected if kind == "enrolment-promoted") == ["ed", "fe"]
    decisions.merge(city, listed, editor())
    assert (len(decisions.the_window_passes()), written()) == (1, expected)


def test_as_many_get_the_seats_of_who_is_enrolled_already_as_was_read_before_an_approval():
    colleague = cities.coordinator()
    membership = asked(local_government=colleague.local_government)
    cohort = make.cohort(seats=4)
    make.team(cohort, "Bo", "Cy", coordinator=colleague)
    make.team(cohort, "Bo", "Cy", "Di", coordinator=membership)
    others_wait(cohort, "Ed", "Fe")
    told = foresee_approving(membership)
    expected = foreseen(told)
    # The third of the list moves up by the seats of the first two, who are enrolled already.
    assert {key for key in expected if key[0] != "membership-approved"} == {
        ("enrolment-promoted", "di@example.org"),
        ("enrolment-promoted", "ed@example.org"),
        ("team-sent", membership.person.email),
    }
    decisions.approve(membership, editor())
    assert (len(decisions.the_window_passes()), written()) == (1, expected)


def test_each_reads_of_the_seat_what_the_samples_said():
    membership = asked()
    cohort = make.cohort(seats=1)
    make.team(cohort, "Bo", coordinator=membership)
    # Named as who does not exist is, in the sample.
    city, person = cities.local_government(name="Sample City"), PersonFactory(display_name="Sample Person")
    make.team(cohort, "Sample Person", coordinator=cities.coordinator(local_government=city, person=person))
    Message.objects.all().delete()
    found = mailed(foresee_declining(membership, reason="No"))
    [audience] = [one.audience for one in found if one.name.startswith("enrolment-promoted")]
    [text] = [one.content.text for one in rehearsal.rehearse(audience).samples if one.number]
    decisions.decline(membership, editor())
    decisions.the_window_passes()

    def said(text: str) -> list[str]:
        return [one for one in text.splitlines() if one and "http" not in one]

    letter = left("enrolment-promoted")
    assert ("team of \u2068Sample City\u2069" in letter, said(text)) == (True, said(letter))
