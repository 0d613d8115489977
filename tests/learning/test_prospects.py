"""What the last look before enrolling foretells: seats of the cohort and of the city, as the service then gives them."""

import re

import pytest

from learning.models import Cohort, Enrolment
from learning.services import enrol_team, foresee_team
from municipalities.models import Membership
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

NEWCOMERS = "ed@city.example\nflo@city.example"
SHARE = "Your city may have 2 seats in this cohort."
ALL_TAKEN = "All seats are taken. When one becomes free, whoever has waited longest gets it and a mail."
NO_LIST = "This cohort keeps no waiting list."
ORDER = "Seats are given in the order of your list; somebody else may be quicker."
NOBODY_YET = "Nobody is written to before you are approved as coordinator."
MODERATORS = "The moderators read every application and answer by mail."
SENTENCES = (
    "1 person gets a seat.",
    "2 people get a seat.",
    "1 person goes on the waiting list.",
    "2 people go on the waiting list.",
    "1 person finds no seat.",
    "2 people find no seat.",
    SHARE,
    ALL_TAKEN,
    NO_LIST,
    ORDER,
    NOBODY_YET,
    MODERATORS,
)
INVITATION = ["These people get an invitation", "Send the invitations"]
ENROLMENT = ["The team", "Enrol a team"]


def look_over(one: teamwork.Team, lines: str = NEWCOMERS):
    said = {"city": one.city.slug, "lines": lines, "language": "en"}
    return teamwork.client_of(one.coordinator).post(one.team(), said)


def promises(page) -> list[str]:
    """Return the heading above the people and the words of the button, if it is there."""
    html = page.content.decode()
    heading = html.partition('<h2 id="people">')[2].partition("</h2>")[0]
    button = html.partition('name="confirm"')[2].partition(">")[2].partition("</button>")[0].strip()
    return [heading, *([button] if button else [])]


def said_of_the_list(page) -> str:
    """Return what the page says itself, without the samples of mails, which name reasons of their own."""
    return re.sub(r"<details.*?</details>", "", page.content.decode(), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("fields", "held", "said", "promise", "status"),
    [
        pytest.param({"seats": 2}, (0, 0), [], INVITATION, 200, id="just enough seats"),
        pytest.param({"seats_per_local_government": 2}, (0, 3), [], INVITATION, 200, id="just enough of the share"),
        pytest.param(
            {"seats": 3},
            (1, 1),
            ["1 person gets a seat.", "1 person goes on the waiting list.", ORDER],
            ENROLMENT,
            200,
            id="one seat left",
        ),
        pytest.param(
            {"seats": 9, "seats_per_local_government": 2},
            (1, 2),
            ["1 person gets a seat.", "1 person goes on the waiting list.", SHARE, ORDER],
            ENROLMENT,
            200,
            id="one of the share left",
        ),
        pytest.param(
            {"seats": 9, "seats_per_local_government": 2},
            (2, 0),
            ["2 people go on the waiting list.", SHARE],
            ENROLMENT,
            200,
            id="share spent",
        ),
        pytest.param(
            {"seats": 2}, (1, 1), ["2 people go on the waiting list.", ALL_TAKEN], ENROLMENT, 200, id="no seat left"
        ),
        pytest.param(
            {"seats": 3, "waiting_list": False},
            (1, 1),
            ["1 person gets a seat.", "1 person finds no seat.", NO_LIST, ORDER],
            ENROLMENT,
            200,
            id="one seat left and no list",
        ),
        pytest.param(
            {"seats": 9, "seats_per_local_government": 2, "waiting_list": False},
            (2, 0),
            ["2 people find no seat.", SHARE, NO_LIST],
            ["The team"],
            409,
            id="share spent and no list",
        ),
        pytest.param({"seats": 1, "admission": "approval"}, (0, 0), [MODERATORS], ENROLMENT, 200, id="by approval"),
    ],
)
@pytest.mark.parametrize("is_approved", [True, False])
def test_the_last_look_counts_seats_of_the_cohort_and_of_the_city(fields, held, said, promise, status, is_approved):
    one = teamwork.a_team(**fields)
    other = teamwork.second_city(one.cohort)
    for place, number in zip((one, other), held, strict=True):
        if number:
            make.team(one.cohort, *("Ana", "Bo", "Cy")[:number], coordinator=place.membership)
    if not is_approved:
        Membership.objects.filter(pk=one.membership.pk).update(state="asked", starts_on=None, decided_at=None)
        said, promise = [*said, NOBODY_YET], ["The team", *(["Enrol a team"] if len(promise) == 2 else [])]
    page = look_over(one)
    found = [sentence for sentence in SENTENCES if sentence in said_of_the_list(page)]
    assert (sorted(found), promises(page), page.status_code) == (sorted(said), promise, status)


@pytest.mark.parametrize("waiting_list", [True, False])
@pytest.mark.parametrize(("seats", "share"), [(None, None), (4, None), (None, 3), (5, 3), (0, None)])
def test_what_is_foreseen_is_what_becomes_of_them(seats, share, waiting_list):
    one = teamwork.a_team(seats=seats, seats_per_local_government=share, waiting_list=waiting_list)
    if seats != 0:
        teamwork.invited(one)
        teamwork.invited(teamwork.second_city(one.cohort), "Bo Berg")
    about = {"cohort_id": one.cohort.pk, "local_government_id": one.city.pk}
    prospect = foresee_team(**about, number=4)
    people = [make.invitee(f"Person {name}") for name in "ABCD"]
    outcome = enrol_team(**about, coordinator=one.coordinator, people=people)
    became = (len(outcome.invited), len(outcome.waiting), len(outcome.refused))
    assert (prospect.seated, prospect.waiting, prospect.refused) == became


def test_a_seat_that_goes_to_whoever_waits_is_promised_to_nobody_else_and_looking_gives_it_to_nobody():
    one = teamwork.a_team(seats=1)
    teamwork.invited(one)
    waiting = teamwork.invited(teamwork.second_city(one.cohort), "Bo Berg")
    Cohort.objects.update(seats=2)
    page = words(look_over(one, "ed@city.example"))
    assert ("1 person goes on the waiting list." in page, ALL_TAKEN in page) == (True, True)
    waiting.refresh_from_db()
    assert (waiting.state, Enrolment.objects.count()) == ("waitlisted", 2)


def test_of_many_free_seats_nobody_learns_more_than_their_own_list_takes():
    one = teamwork.a_team(seats=90_807)
    about = {"cohort_id": one.cohort.pk, "local_government_id": one.city.pk}
    prospect = foresee_team(**about, number=2)
    assert (prospect.seated, prospect.waiting, prospect.refused, prospect.share) == (2, 0, 0, None)
    assert not re.search(r"90\W?80[57]", words(look_over(one)))
