"""A coordinator approves a colleague who has written down a team: what is read before, and how it is taken back."""

import hashlib
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from learning.services import enrol_team
from municipalities import services
from municipalities.errors import DecisionNeedsCoordinator
from municipalities.models import HeldDecision, Membership
from municipalities.services.foreseeing import foresee_approving
from tests.factories import learning
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.municipalities.decisions import approve, the_window_passes, with_team
from tests.municipalities.screens import page, sent_on, words
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db

# The city's own, whatever zone anybody's account has.
ZONE = "Time zone Stockholm"

MINE = "/en/my/cities/"


@pytest.fixture
def coordinator() -> Membership:
    return make.coordinator()


@pytest.fixture
def browser(client: Client, coordinator: Membership) -> Client:
    return sign_in(client, coordinator.person, factor=False)


def colleague_with_team(coordinator: Membership) -> Membership:
    """Return the request of a colleague who has written down three people, of whom one reads French and one waits."""
    asked = with_team(local_government=coordinator.local_government)
    cohort = learning.cohort(name="Autumn", seats=2)
    people = [learning.invitee("Bo"), learning.invitee("Cy", language="fr"), learning.invitee("Di")]
    enrol_team(
        cohort_id=cohort.pk, local_government_id=asked.local_government_id, coordinator=asked.person, people=people
    )
    return asked


def test_a_coordinator_who_has_approved_all_who_wait_reads_that_they_have_to_stay_until_it_takes_effect(
    coordinator, browser
):
    asked = colleague_with_team(coordinator)
    other = make.membership(state="asked", local_government=coordinator.local_government)
    approve(asked, coordinator.person)
    decide = "a colleague waits for your decision. Decide first"
    stay = (
        "What was decided about a colleague has not taken effect yet, and until then the team needs its coordinator. "
        "Wait for that, or make a colleague coordinator."
    )

    def said() -> tuple[bool, bool]:
        main = words(page(browser.get(MINE)).find("main"))
        return decide in main, stay in main

    assert said() == (True, False)
    services.decline_membership(membership_id=other.pk, by=coordinator.person, reason="No")
    assert said() == (False, True)
    with pytest.raises(DecisionNeedsCoordinator) as refusal:
        services.end_membership(membership_id=coordinator.pk, by=coordinator.person)
    assert str(refusal.value) == stay
    the_window_passes()
    services.end_membership(membership_id=coordinator.pk, by=coordinator.person)


def test_where_nothing_is_held_the_page_says_that_it_happens_at_once(coordinator, browser, settings):
    settings.MAIL_UNDO_SECONDS = 0
    asked = colleague_with_team(coordinator)
    answer = browser.post(f"{MINE}{asked.pk}/approve/", {"seen": asked.as_asked})
    main = page(answer).find("main")
    assert (
        "Your colleague has written down a team. Approving sends its invitations. It takes effect at once and cannot "
        "be taken back."
    ) in words(main)
    assert ("minute" in words(main), words(main.select_one("button"))) == (False, "Approve")
    browser.post(f"{MINE}{asked.pk}/approve/", sent_on(answer))
    assert Membership.objects.get(pk=asked.pk).state == "approved"


def test_a_coordinator_does_not_learn_by_the_mark_whether_they_have_guessed_the_addresses(coordinator, settings):
    asked = colleague_with_team(coordinator)
    marks = []
    for secret in ("one" * 20, "other" * 20):
        settings.SECRET_KEY = secret
        marks.append(foresee_approving(asked).mark)
    addresses = sorted(foresee_approving(asked).people)
    guess = "\n".join(["", str(asked.local_government_id), *addresses])
    assert (len({*marks}), hashlib.sha256(guess.encode()).hexdigest() in marks) == (2, False)
    # Of the same people it is the same for everybody who decides.
    assert foresee_approving(Membership.objects.get(pk=asked.pk)).mark == marks[1]


def test_a_colleague_with_a_team_is_approved_once_it_was_read_whom_that_writes_to(coordinator, browser):
    asked = colleague_with_team(coordinator)
    answer = browser.post(f"{MINE}{asked.pk}/approve/", {"seen": asked.as_asked})
    assert (answer.status_code, mails(), HeldDecision.objects.count()) == (200, [], 0)
    main = page(answer).find("main")
    assert [words(one) for one in main.select("h2")] == [
        "To the person you approve",
        "Invitations · Autumn",
        "Places on the waiting list · Autumn",
        "To the coordinator · Autumn",
    ]
    assert [words(one) for one in main.select("section > dl > div")] == [
        *("English 1", ZONE),
        *("English 1", "français 1", ZONE),
        *("English 1", ZONE),
        *("English 1", ZONE),
    ]
    samples = [(one["lang"], one["dir"]) for one in main.select("section > details [lang]")]
    assert samples == [("en", "ltr"), ("en", "ltr"), ("fr", "ltr"), ("en", "ltr"), ("en", "ltr")]
    said = words(main)
    assert (
        "Your colleague has written down a team. Approving sends its invitations. It takes effect in 2 minutes. Taken "
        "back on your page before that, nobody is written to."
    ) in said
    assert "Approve: in 2 minutes a mail goes to 4 people" in said
    answer = browser.post(f"{MINE}{asked.pk}/approve/", sent_on(answer))
    assert (answer.status_code, answer.url) == (303, MINE)
    assert HeldDecision.objects.get().by == coordinator.person
    assert len(the_window_passes()) == 1
    assert {address for _kind, address in mails()} == {
        asked.person.email,
        "bo@example.org",
        "cy@example.org",
        "di@example.org",
    }


def test_that_page_tells_nothing_of_accounts_that_the_team_s_people_have(coordinator, browser):
    PersonFactory(email="bo@example.org", display_name="Bodil Secret", timezone="Asia/Kathmandu", language="pt")
    asked = colleague_with_team(coordinator)
    html = browser.post(f"{MINE}{asked.pk}/approve/").content.decode()
    for kept in ("Bodil", "Kathmandu", "bo@example.org", "português 1"):
        assert kept not in words(BeautifulSoup(html, "html.parser").find("main"))


def test_the_page_says_what_is_decided_and_takes_it_back(coordinator, browser):
    asked = colleague_with_team(coordinator)
    browser.post(
        f"{MINE}{asked.pk}/approve/", sent_on(browser.post(f"{MINE}{asked.pk}/approve/", {"seen": asked.as_asked}))
    )
    decision = HeldDecision.objects.get()
    item = page(browser.get(MINE)).find(id=f"membership-{asked.pk}")
    at = decision.takes_effect_at.astimezone(ZoneInfo("Europe/Stockholm"))
    said = f"You have approved this. It takes effect at {at:%H:%M}, Stockholm time: until then nobody is written to."
    assert said in words(item)
    assert [one["action"] for one in item.find_all("form")] == [f"{MINE}{asked.pk}/take-back/"]
    given = {one["name"]: one["value"] for one in item.select("form [name]") if one["name"] != "csrfmiddlewaretoken"}
    assert given == {"decision": str(decision.pk)}
    answer = browser.post(f"{MINE}{asked.pk}/take-back/", given)
    assert (answer.status_code, HeldDecision.objects.count()) == (303, 0)
    html = page(browser.get(MINE))
    assert "Taken back: nobody is written to, and the request waits as before." in words(html)
    assert len(html.find(id=f"membership-{asked.pk}").find_all("form")) == 2
    assert (the_window_passes(), mails()) == ([], [])
    # Twice changes nothing, and says so.
    answer = browser.post(f"{MINE}{asked.pk}/take-back/", given)
    assert answer.status_code == 409
    assert "This cannot be taken back any more: it has taken effect, or somebody has taken it back already." in words(
        page(answer)
    )


def test_what_staff_have_approved_is_said_without_a_name_and_not_decided_otherwise(coordinator, browser):
    asked = colleague_with_team(coordinator)
    approve(asked, editor(display_name="Eva Editor"))
    html = page(browser.get(MINE))
    assert "Somebody else has approved this." in words(html.find(id=f"membership-{asked.pk}"))
    assert "Eva" not in words(html)
    answer = browser.post(f"{MINE}{asked.pk}/decline/", {"reason": "Left <last> year"})
    assert (answer.status_code, HeldDecision.objects.count()) == (409, 1)
    said = words(page(answer).find("main"))
    assert said.count("Somebody has decided this just now and can still take it back. Take that back first.") == 2
    assert "Left <last> year" in said


def test_what_has_changed_since_it_was_read_is_read_once_more(coordinator, browser):
    asked = colleague_with_team(coordinator)
    given = sent_on(browser.post(f"{MINE}{asked.pk}/approve/"))
    learning.team(learning.cohort(), "Ed", coordinator=asked)
    answer = browser.post(f"{MINE}{asked.pk}/approve/", given)
    assert (answer.status_code, HeldDecision.objects.count()) == (409, 0)
    said = words(page(answer).find("main"))
    assert "Whom this writes to, or what they read, has changed since you read it. Look at it again." in said
    assert "a mail goes to 5 people" in said


def test_who_asked_reads_that_nothing_is_decided(coordinator, client):
    asked = colleague_with_team(coordinator)
    approve(asked, coordinator.person)
    html = words(page(sign_in(client, asked.person, factor=False).get(MINE)).find("main"))
    assert ("Waiting for a decision" in html, "approved this" in html, "Take the decision back" in html) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize("who", ["visitor", "stranger", "asker", "coordinator of another city"])
def test_who_may_not_approve_learns_nothing_of_a_team_and_takes_nothing_back(coordinator, client, who):
    asked = colleague_with_team(coordinator)
    people = {"stranger": PersonFactory, "asker": lambda: asked.person}
    if who != "visitor":
        sign_in(client, people.get(who, lambda: make.coordinator().person)(), factor=False)
    expected = 302 if who == "visitor" else 404
    assert client.post(f"{MINE}{asked.pk}/approve/").status_code == expected
    decision = approve(asked, coordinator.person)
    answer = client.post(f"{MINE}{asked.pk}/take-back/", {"decision": decision.pk})
    assert (answer.status_code, HeldDecision.objects.count()) == (expected, 1)


@pytest.mark.parametrize("given", [{}, {"decision": "x"}, {"decision": "9" * 30}, {"decision": "٣"}, {"decision": "0"}])
def test_taking_back_nothing_is_refused_in_words(coordinator, browser, given):
    asked = colleague_with_team(coordinator)
    answer = browser.post(f"{MINE}{asked.pk}/take-back/", given)
    assert answer.status_code == 409
    assert "This cannot be taken back any more" in words(page(answer).find("main"))


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_however_many_decisions_are_held(
    coordinator, browser, number, django_assert_num_queries
):
    for _each in range(number):
        approve(colleague_with_team(coordinator), coordinator.person)
    browser.get(MINE)
    with django_assert_num_queries(7):
        html = browser.get(MINE).content.decode()
    assert html.count("/take-back/") == number


def test_what_is_read_by_its_address_alone_leads_to_the_page(coordinator, browser):
    asked = colleague_with_team(coordinator)
    for action in ("approve", "take-back"):
        answer = browser.get(f"{MINE}{asked.pk}/{action}/")
        assert (answer.status_code, answer.url) == (303, MINE)
