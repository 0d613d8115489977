"""The staff's queue where a decision writes to many: what is read before it, and how it is taken back."""

from html import unescape

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts import roles
from core import dates
from learning.services import enrol_team
from municipalities import services
from municipalities.models import HeldDecision, LocalGovernment
from tests.factories import learning
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.municipalities.decisions import (
    approve,
    merge,
    proposed_by,
    refuse,
    the_window_passes,
    with_seats_waited_for,
    with_team,
)
from tests.municipalities.screens import page, sent_on, words
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db

QUEUE = "membership_queue"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, editor(display_name="Eva Editor"))


def post(client: Client, asked, verb: str, **given: object):
    return client.post(reverse(f"membership_queue_{verb}", args=[asked.pk]), given)


def main_of(answer) -> str:
    return words(page(answer).find("main"))


def row(client: Client, asked) -> BeautifulSoup:
    found = page(client.get(reverse(QUEUE))).find(id=f"request-{asked.pk}")
    return found.find_all("td")[-1]


def button(answer) -> str:
    return words(page(answer).select_one("main form button[type=submit]"))


def team_in_two_languages(asked) -> None:
    """Have somebody write down three people, of whom one reads French and one waits."""
    cohort = learning.cohort(name="Autumn", seats=2)
    people = [learning.invitee("Bo"), learning.invitee("Cy", language="fr"), learning.invitee("Di")]
    enrol_team(
        cohort_id=cohort.pk, local_government_id=asked.local_government_id, coordinator=asked.person, people=people
    )


def tallies(answer) -> list[list[str]]:
    return [[words(cell) for cell in line.find_all(["th", "td"])] for line in page(answer).select("main tbody tr")]


def test_approving_a_coordinator_with_a_team_is_first_read_in_each_language(staff):
    asked = with_team(person=PersonFactory(display_name="Ana", email="ana@city.example", timezone="Europe/Athens"))
    team_in_two_languages(asked)
    answer = post(staff, asked, "approve", seen=asked.as_asked, p="2", q="a b")
    assert (answer.status_code, button(answer)) == (200, "Approve: 4 people are written to in 2 minutes")
    assert [words(one) for one in page(answer).select("main h2")][1:] == [
        "To the person you approve",
        "Invitations · Autumn",
        "Places on the waiting list · Autumn",
        "To the coordinator · Autumn",
    ]
    found = tallies(answer)
    for line in (["English", "1"], ["français", "1"], ["Invited", "2"], ["On the waiting list", "1"]):
        assert line in found
    assert any("Athens" in line[0] for line in found)
    assert ["Not known", "2"] in found
    html = main_of(answer)
    assert "Nothing happens yet: this takes effect in 2 minutes." in html
    # Of the invitation in both languages, of all else in the one that is read.
    subjects = [words(one) for one in page(answer).select("main details h4")]
    assert (len(subjects), sum("invit" in one.lower() for one in subjects)) == (5, 2)
    assert (mails(), HeldDecision.objects.count()) == ([], 0)
    # The samples have their addresses, and say what will leave.
    frames = [one["src"] for one in page(answer).select("main iframe")]
    samples = [staff.get(one) for one in frames]
    assert [one.status_code for one in samples] == [200] * 5
    assert "Ana" in samples[1].content.decode()
    given = sent_on(answer)
    assert (given["seen"], given["p"], given["q"]) == (asked.as_asked, "2", "a b")
    answer = post(staff, asked, "approve", **given)
    assert (answer.status_code, answer.url) == (302, reverse(QUEUE) + "?p=2&q=a+b")
    assert HeldDecision.objects.get().membership == asked
    said = "Decided. It takes effect in 2 minutes: until then nobody is written to, and you can take it back here."
    assert said in words(page(staff.get(answer.url)))


def test_who_applies_is_said_apart_since_they_hear_of_it_later(staff):
    asked = with_team()
    learning.team(learning.cohort(admission="approval"), "Bo", "Cy", coordinator=asked)
    learning.team(learning.cohort(), "Di", coordinator=asked)
    said = "2 people of the team apply for a seat: they are written to once a moderator has decided."
    assert said in main_of(post(staff, asked, "approve"))


def test_refusing_a_city_for_several_is_first_read_with_the_reason(staff):
    first, second = proposed_by(2, name="Atlantis")
    third = make.coordinator(
        state="asked", local_government=first.local_government, person=PersonFactory(language="fr")
    )
    answer = post(staff, first, "decline", reason="It is <a> company")
    assert (answer.status_code, button(answer)) == (200, "Decline: 3 people are written to in 2 minutes")
    assert [words(one) for one in page(answer).select("main h2")][1:] == ["To those who asked"]
    found = tallies(answer)
    assert [line for line in found if line[0] in ("English", "français", "Coordinator")] == [
        ["English", "2"],
        ["français", "1"],
        ["Coordinator", "3"],
    ]
    texts = [words(one) for one in page(answer).select("main pre")]
    assert ["It is <a> company" in one for one in texts] == [True, True]
    for one in page(answer).select("main iframe"):
        assert "It is &lt;a&gt; company" in staff.get(one["src"]).content.decode()
    post(staff, first, "decline", **sent_on(answer))
    assert HeldDecision.objects.get().reason == "It is <a> company"
    the_window_passes()
    assert mails() == [("membership-declined", one.person.email) for one in (first, second, third)]


def test_where_nothing_is_held_the_page_says_that_it_happens_at_once(staff, settings):
    settings.MAIL_UNDO_SECONDS = 0
    first, _second = proposed_by(2)
    answer = post(staff, first, "decline", reason="A company")
    assert button(answer) == "Decline"
    shown = main_of(answer)
    assert ("It takes effect at once and cannot be taken back." in shown, "Nothing happens yet" in shown) == (
        True,
        False,
    )
    assert "minute" not in shown
    post(staff, first, "decline", **sent_on(answer))
    assert LocalGovernment.objects.get(pk=first.local_government_id).standing == "retired"


def test_a_reason_that_is_changed_on_that_page_is_read_once_more(staff):
    first, _second = proposed_by(2)
    given = sent_on(post(staff, first, "decline", reason="A company"))
    answer = post(staff, first, "decline", **{**given, "reason": "Other words"})
    assert answer.status_code == 409
    assert "Whom this writes to, or what they read, has changed since you read it. Look at it again." in words(
        page(answer)
    )
    assert all("Other words" in words(one) for one in page(answer).select("main pre"))
    assert HeldDecision.objects.count() == 0
    post(staff, first, "decline", **sent_on(answer))
    assert HeldDecision.objects.get().reason == "Other words"


def test_merging_shows_whom_it_tells_and_whose_team_it_invites(staff):
    listed = make.local_government(name="Göteborg")
    known = make.coordinator(local_government=listed)
    city = make.proposed(name="Gothenburg")
    again = with_team("Bo", person=known.person, local_government=city)
    member = make.membership(local_government=listed)
    make.coordinator(state="asked", local_government=city, person=member.person)
    answer = post(staff, again, "merge", same_as=listed.pk)
    assert button(answer) == "Merge: 3 people are written to in 2 minutes"
    assert "All requests go to Göteborg." in main_of(answer)
    headings = [words(one) for one in page(answer).select("main h2")][1:]
    assert [one.partition(" · ")[0] for one in headings] == ["To those who asked", "Invitations", "To the coordinator"]
    assert "You belong to this city's team already." in words(page(answer).select_one("main pre"))
    for one in page(answer).select("main iframe"):
        assert staff.get(one["src"]).status_code == 200
    post(staff, again, "merge", **sent_on(answer))
    assert HeldDecision.objects.get().same_as == listed
    the_window_passes()
    assert {address for _kind, address in mails()} == {known.person.email, member.person.email, "bo@example.org"}


def test_a_coordinator_who_reads_of_two_requests_that_come_by_a_merge_is_counted_once(staff):
    listed = make.local_government(name="Göteborg")
    make.coordinator(local_government=listed)
    first, _second = proposed_by(2)
    answer = post(staff, first, "merge", same_as=listed.pk)
    # One person, to whom it is said at once by two mails.
    assert answer.status_code == 302
    make.coordinator(local_government=listed)
    first, _second = proposed_by(2)
    answer = post(staff, first, "merge", same_as=listed.pk)
    assert button(answer) == "Merge: 2 people are written to in 2 minutes"
    assert "2 people would get this." in main_of(answer)


def test_the_button_says_that_a_proposed_city_is_listed_by_the_approval(staff):
    facts = {name: getattr(make.local_government(), name) for name in ("kind", "subregion", "timezone")}
    asked = with_team("Bo", local_government=make.proposed(**facts))
    assert button(post(staff, asked, "approve")) == "List the city and approve: 2 people are written to in 2 minutes"


def test_a_row_says_what_was_decided_by_whom_and_offers_to_take_it_back_alone(staff):
    eva = PersonFactory(admin=True, display_name="Eva Editor")
    asked = with_team("Bo")
    refused, _other = proposed_by(2)
    listed = make.local_government(name="Göteborg")
    for _each in range(2):
        make.coordinator(local_government=listed)
    [merged] = proposed_by(1)
    held = [
        approve(asked, eva),
        refuse(refused.local_government, eva, reason="A company"),
        merge(merged.local_government, listed, eva),
    ]
    moment = f"{dates.in_zone(held[0].takes_effect_at):%Y-%m-%d %H:%M} UTC"
    said = (
        f"Decided by Eva Editor . It takes effect at {moment}: until then nobody is written to. Take the decision back"
    )
    assert words(row(staff, asked)) == f"Approved {said}"
    assert words(row(staff, refused)) == f"Declined, for everybody who asked for this city A company {said}"
    assert words(row(staff, merged)) == f"Merged into Göteborg {said}"
    assert [one["action"] for one in row(staff, asked).find_all("form")] == [
        reverse("membership_queue_take_back", args=[held[0].pk])
    ]
    # Nothing has happened: all of them wait as before.
    assert "City requests (4)" in unescape(staff.get(reverse(QUEUE)).content.decode())


def test_what_staff_hold_stays_in_the_queue_when_somebody_else_coordinates_the_city_meanwhile(staff):
    asked = with_team("Bo")
    decision = approve(asked, editor())
    other = make.coordinator(state="asked", local_government=asked.local_government)
    post(staff, other, "approve", seen=other.as_asked)
    assert other.local_government.memberships.get(state="approved") == other
    assert [one["action"] for one in row(staff, asked).find_all("form")] == [
        reverse("membership_queue_take_back", args=[decision.pk])
    ]
    assert "City requests (1)" in unescape(staff.get(reverse(QUEUE)).content.decode())
    staff.post(reverse("membership_queue_take_back", args=[decision.pk]))
    # From now on it waits for that coordinator alone.
    html = unescape(staff.get(reverse(QUEUE)).content.decode())
    assert ("City requests (" in html, f'id="request-{asked.pk}"' in html) == (False, False)
    assert (the_window_passes(), "bo@example.org" in {address for _kind, address in mails()}) == ([], False)


def test_what_a_coordinator_holds_is_taken_back_on_their_own_page_and_in_no_queue(staff):
    coordinator = make.coordinator()
    asked = with_team("Bo", local_government=coordinator.local_government)
    approve(asked, coordinator.person)
    assert f'id="request-{asked.pk}"' not in staff.get(reverse(QUEUE)).content.decode()


def test_taking_back_from_the_row_leads_back_there_and_offers_to_decide_anew(staff):
    asked = with_team("Bo")
    decision = approve(asked, editor())
    answer = staff.post(reverse("membership_queue_take_back", args=[decision.pk]), {"p": "1", "q": "x"})
    assert (answer.status_code, answer.url) == (302, reverse(QUEUE) + "?p=1&q=x")
    html = unescape(staff.get(reverse(QUEUE)).content.decode())
    assert "Taken back: nobody is written to, and the request waits as before." in html
    assert "Approving writes to 1 person of the team." in words(row(staff, asked))
    assert (the_window_passes(), mails()) == ([], [])
    # Twice changes nothing, and says so.
    staff.post(reverse("membership_queue_take_back", args=[decision.pk]))
    assert "This cannot be taken back any more: it has taken effect, or somebody has taken it back already." in (
        unescape(staff.get(reverse(QUEUE)).content.decode())
    )


def test_what_a_colleague_has_decided_meanwhile_is_not_decided_otherwise(staff):
    asked = with_team("Bo")
    approve(asked, editor())
    answer = post(staff, asked, "decline", reason="No team")
    assert answer.status_code == 409
    said = "Somebody has decided this just now and can still take it back. Take that back first."
    assert (said in main_of(answer), sent_on(answer)["reason"]) == (True, "No team")
    assert HeldDecision.objects.get().kind == "approve"


def test_a_city_of_several_requests_is_merged_into_nothing_in_words(staff):
    first, _second = proposed_by(2)
    for given in ("", "x", "999999", "9" * 30):
        answer = post(staff, first, "merge", same_as=given)
        assert (answer.status_code, answer.url) == (302, reverse(QUEUE))
        assert "This city cannot be represented here." in unescape(staff.get(answer.url).content.decode())


@pytest.mark.parametrize("who", ["visitor", "person", "coordinator", roles.EVENT_MANAGERS])
def test_who_is_not_staff_of_the_queue_neither_reads_whom_it_tells_nor_takes_anything_back(client, who):
    asked = with_team("Bo", local_government=make.coordinator().local_government)
    decision = approve(asked, editor())
    if who == "coordinator":
        sign_in(client, make.coordinator().person)
    elif who != "visitor":
        sign_in(client, PersonFactory(groups=[who], is_staff=who in roles.ROLES))
    away = reverse("wagtailadmin_home" if who in roles.ROLES else "sign_in")
    for answer in (
        client.get(reverse("membership_queue_sample", args=[asked.pk, "approve", "membership-approved", "en"])),
        client.post(reverse("membership_queue_take_back", args=[decision.pk])),
        post(client, asked, "approve"),
    ):
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, away)
    assert list(HeldDecision.objects.all()) == [decision]


@pytest.mark.parametrize(
    ("kind", "mail", "language"),
    [
        ("approve", "membership-declined", "en"),
        ("approve", "team-invitation-0", "en"),
        ("approve", "membership-approved", "xx"),
        ("end", "membership-approved", "en"),
        ("merge", "membership-asked", "en"),
    ],
)
def test_there_is_no_sample_of_a_mail_that_nobody_gets(staff, kind, mail, language):
    asked = with_team("Bo")
    assert staff.get(reverse("membership_queue_sample", args=[asked.pk, kind, mail, language])).status_code == 404


def test_taking_back_takes_a_post(staff):
    decision = approve(with_team("Bo"), editor())
    assert staff.get(reverse("membership_queue_take_back", args=[decision.pk])).status_code == 405
    assert HeldDecision.objects.count() == 1


def test_declining_somebody_whose_seats_others_wait_for_is_first_read_with_who_gets_them(staff):
    asked = with_seats_waited_for("Bo", "Cy", waiting=("Di", "Ed"))
    answer = post(staff, asked, "decline", reason="It is <a> company", p="2")
    assert (answer.status_code, button(answer)) == (200, "Decline: 3 people are written to in 2 minutes")
    cohort = asked.person.learning_teams.get().cohort
    assert [words(one) for one in page(answer).select("main h2")][1:] == [
        "To those who asked",
        f"Seats for those who wait · {cohort.name}",
    ]
    assert [line for line in tallies(answer) if line[0] in ("English", "On the waiting list", "Not known")] == [
        *(["English", "1"], ["English", "2"], ["On the waiting list", "2"], ["Not known", "2"]),
    ]
    texts = [words(one) for one in page(answer).select("main pre")]
    assert ["It is <a> company" in one for one in texts] == [True, False]
    assert [staff.get(one["src"]).status_code for one in page(answer).select("main iframe")] == [200, 200]
    answer = post(staff, asked, "decline", **sent_on(answer))
    assert (answer.status_code, answer.url) == (302, reverse(QUEUE) + "?p=2")
    found = row(staff, asked)
    assert words(found).startswith("Declined It is <a> company Decided by Eva Editor . It takes effect at ")
    assert [one["action"] for one in found.find_all("form")] == [
        reverse("membership_queue_take_back", args=[HeldDecision.objects.get().pk])
    ]
    the_window_passes()
    assert [kind for kind, _address in mails()] == ["membership-declined", *["enrolment-promoted"] * 2]


@pytest.mark.parametrize("number", [1, 3])
def test_the_queue_costs_the_same_however_many_decisions_are_held(staff, number, django_assert_num_queries):
    by = editor()
    for _each in range(number):
        approve(with_team("Bo"), by)
        first, _second = proposed_by(2)
        refuse(first.local_government, by)
    staff.get(reverse(QUEUE))
    with django_assert_num_queries(15):
        html = staff.get(reverse(QUEUE)).content.decode()
    assert html.count("/take-back/") == 3 * number


@pytest.mark.parametrize("number", [1, 3])
def test_reading_whom_approving_tells_costs_the_same_however_many(staff, number, django_assert_num_queries):
    asked = with_team()
    learning.team(learning.cohort(), *("Bo", "Cy", "Di")[:number], coordinator=asked)
    learning.team(learning.cohort(), "Ed", coordinator=asked)
    post(staff, asked, "approve")
    with django_assert_num_queries(50):
        answer = post(staff, asked, "approve")
    assert button(answer) == f"Approve: {number + 2} people are written to in 2 minutes"


def test_standing_is_as_it_was_until_then(staff):
    city = make.local_government(standing="pending")
    asked = with_team("Bo", local_government=city)
    post(staff, asked, "approve", **sent_on(post(staff, asked, "approve", seen=asked.as_asked)))
    assert LocalGovernment.objects.get(pk=city.pk).standing == "pending"
    assert services.carry_out_decisions() == []
    the_window_passes()
    assert LocalGovernment.objects.get(pk=city.pk).standing == "active"
