"""What a coordinator reads of people written down before being approved, and once they are."""

import csv
from io import StringIO

import pytest
from django.db.models import F

from learning.models import Enrolment
from mail import rendering
from mail.kinds import NoLongerMakesSense
from municipalities.models import Membership
from municipalities.services import approve_membership
from tests.factories import accounts
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

LINES = "ana@city.example\nbo@city.example\ncy@city.example"


def drafted(**fields) -> teamwork.Team:
    """Return a place whose coordinator waits to be approved and has written three people down."""
    one = teamwork.a_team(**fields)
    Membership.objects.filter(pk=one.membership.pk).update(state="asked", starts_on=None, decided_at=None)
    assert teamwork.enrol(one, LINES).status_code == 303
    return one


def approve(one: teamwork.Team) -> None:
    approve_membership(membership_id=one.membership.pk, by=accounts.PersonFactory(admin=True))


def states(one: teamwork.Team) -> list[str]:
    """Return the states that the team's spreadsheet shows, by address."""
    answer = teamwork.client_of(one.coordinator).get(one.dashboard(), {"export": "csv"})
    rows = csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    return [row[3] for row in sorted(rows, key=lambda row: row[1]) if "@" in row[1]]


def test_of_drafts_the_team_s_page_tells_who_holds_a_seat_and_who_waits():
    one = drafted(seats=1)
    page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert "On the waiting list 2" in page
    assert page.count("Not invited yet, waits for a seat") == 2
    # The figure, and a state for each of the three.
    assert ("Not invited yet 3" in page, page.count("Not invited yet")) == (True, 4)
    waits = "Not invited yet, waits for a seat"
    assert states(one) == ["Not invited yet", waits, waits]


def test_where_moderators_decide_drafts_wait_for_no_seat():
    one = drafted(seats=1, admission="approval")
    page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert ("On the waiting list 0" in page, states(one)) == (True, ["Not invited yet"] * 3)


def test_once_approved_they_count_as_waiting_and_withdrawn_they_do_not():
    one = drafted(seats=1)
    approve(one)
    assert states(one) == ["Invited", "On the waiting list", "On the waiting list"]
    client = teamwork.client_of(one.coordinator)
    assert "On the waiting list 2" in words(client.get(one.dashboard()))
    client.post(f"{one.dashboard()}withdraw/")
    teamwork.window_passes()
    assert "On the waiting list 0" in words(client.get(one.dashboard()))


INVITED = "You are approved as coordinator, and the invitations have left."


@pytest.mark.parametrize(
    ("fields", "subject", "said"),
    [
        ({}, "Your team is enrolled: ", [INVITED, "3 people have a seat."]),
        ({"seats": 1}, "Your team is enrolled: ", [INVITED, "1 person has a seat.", "2 people wait for a seat."]),
        ({"seats": 0}, "Your team is enrolled: ", ["3 people wait for a seat."]),
        ({"admission": "approval"}, "Your team has applied: ", ["3 people wait for the moderators."]),
    ],
)
def test_who_is_approved_reads_what_has_become_of_whom_they_wrote_down(fields, subject, said, settings):
    one = drafted(**fields)
    assert teamwork.mails("team-sent") == []
    approve(one)
    [message] = teamwork.mails("team-sent")
    mail = rendering.render(message)
    assert message.to_address == one.coordinator.email
    assert mail.subject == f"{subject}\u2068{one.cohort.course.title}\u2069"
    sentences = (
        INVITED,
        "1 person has a seat.",
        "3 people have a seat.",
        "2 people wait for a seat.",
        "3 people wait for a seat.",
        "3 people wait for the moderators.",
    )
    assert [sentence for sentence in sentences if sentence in mail.text] == said
    assert f"{settings.BASE_URL}{one.dashboard()}" in mail.text


@pytest.mark.parametrize("what", ["called off", "withdrawn", "no coordinator"])
def test_that_mail_stays_here_where_nothing_of_it_is_true(what):
    one = drafted()
    approve(one)
    [message] = teamwork.mails("team-sent")
    if what == "called off":
        type(one.cohort).objects.update(called_off_at=one.cohort.created_at)
    elif what == "withdrawn":
        Enrolment.objects.update(state="withdrawn", has_seat=False, ended_at=one.cohort.created_at)
    else:
        Membership.objects.filter(person=one.coordinator).update(state="ended", ends_on=F("starts_on"))
    with pytest.raises(NoLongerMakesSense):
        rendering.render(message)


def test_who_is_approved_and_wrote_nobody_down_gets_no_such_mail():
    one = teamwork.a_team()
    Membership.objects.filter(pk=one.membership.pk).update(state="asked", starts_on=None, decided_at=None)
    approve(one)
    assert teamwork.mails("team-sent") == []
