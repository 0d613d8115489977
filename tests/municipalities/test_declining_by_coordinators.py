"""A coordinator declines a colleague whose team holds seats that others wait for: what is read, held and taken back."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from learning.services import apply_alone, enrol_team
from municipalities import services
from municipalities.errors import DecisionNeedsCoordinator
from municipalities.models import HeldDecision, Membership
from tests.factories import learning
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, sign_in
from tests.municipalities.decisions import decline, the_window_passes, with_seats_waited_for
from tests.municipalities.screens import page, sent_on, words
from tests.municipalities.told import mails

pytestmark = pytest.mark.django_db

MINE = "/en/my/cities/"


@pytest.fixture
def coordinator() -> Membership:
    return make.coordinator()


@pytest.fixture
def browser(client: Client, coordinator: Membership) -> Client:
    return sign_in(client, coordinator.person, factor=False)


def colleague(coordinator: Membership, number: int = 3) -> Membership:
    """Return a colleague's request with a team in all seats, which two of another city and one of none wait for."""
    asked = make.coordinator(state="asked", local_government=coordinator.local_government)
    cohort = learning.cohort(name="Autumn", seats=number)
    learning.team(cohort, *("Bo", "Cy", "Di")[:number], coordinator=asked)
    by = make.coordinator(local_government=make.local_government(name="Coimbra", timezone="Europe/Lisbon"))
    people = [learning.invitee("Fe"), learning.invitee("Gus", language="ar")]
    enrol_team(cohort_id=cohort.pk, local_government_id=by.local_government_id, coordinator=by.person, people=people)
    apply_alone(cohort_id=cohort.pk, person=PersonFactory(email="hal@example.org", timezone="Asia/Kathmandu"))
    return asked


def press(browser: Client, asked: Membership, **given: str):
    return browser.post(f"{MINE}{asked.pk}/decline/", {"reason": "Left <last> year", **given})


def test_a_colleague_whose_seats_others_wait_for_is_declined_once_it_was_read_whom_that_writes_to(coordinator, browser):
    PersonFactory(email="fe@example.org", display_name="Felipa Secret", timezone="Asia/Kathmandu", language="pt")
    asked = colleague(coordinator)
    answer = press(browser, asked)
    assert (answer.status_code, HeldDecision.objects.count(), asked.is_asked) == (200, 0, True)
    main = page(answer).find("main")
    assert [words(one) for one in main.select("h2")] == ["To those who asked", "Seats for those who wait · Autumn"]
    assert [words(one) for one in main.select("section > dl > div")] == [
        *("English 1", "Time zone Stockholm"),
        *("English 2", "العربيّة 1", "Time zone Lisbon (2) · Not known (1)"),
    ]
    samples = [(one["lang"], one["dir"]) for one in main.select("section > details [lang]")]
    # To those of a team, and to who has come alone.
    assert samples == [("en", "ltr"), ("en", "ltr"), ("ar", "rtl"), ("en", "ltr")]
    said = words(main)
    assert (
        "Your colleague has written down a team. Declining lets it go, and its seats go to others who wait. It takes "
        "effect in 2 minutes. Taken back on your page before that, nobody is written to."
    ) in said
    assert "Decline: in 2 minutes a mail goes to 4 people" in said
    assert "Left <last> year" in said
    for kept in ("Felipa", "Kathmandu", "example.org", "português", "Coimbra"):
        assert kept not in said
    answer = browser.post(f"{MINE}{asked.pk}/decline/", sent_on(answer))
    assert (answer.status_code, answer.url) == (303, MINE)
    found = HeldDecision.objects.get()
    assert (found.kind, found.by, found.reason) == ("decline", coordinator.person, "Left <last> year")
    before = len(mails())
    assert len(the_window_passes()) == 1
    assert mails()[before:] == [
        ("membership-declined", asked.person.email),
        *(("enrolment-promoted", f"{name}@example.org") for name in ("fe", "gus", "hal")),
    ]


def test_the_page_says_what_is_declined_with_its_reason_and_takes_it_back(coordinator, browser):
    asked = colleague(coordinator)
    browser.post(f"{MINE}{asked.pk}/decline/", sent_on(press(browser, asked)))
    decision = HeldDecision.objects.get()
    item = page(browser.get(MINE)).find(id=f"membership-{asked.pk}")
    at = decision.takes_effect_at.astimezone(ZoneInfo("Europe/Stockholm"))
    said = f"You have declined this. It takes effect at {at:%H:%M}, Stockholm time: until then nobody is written to."
    assert (said in words(item), "Reason Left <last> year" in words(item)) == (True, True)
    answer = browser.post(f"{MINE}{asked.pk}/take-back/", {"decision": decision.pk})
    assert (answer.status_code, HeldDecision.objects.count()) == (303, 0)
    assert len(page(browser.get(MINE)).find(id=f"membership-{asked.pk}").find_all("form")) == 2
    decline(asked, PersonFactory(admin=True))
    item = page(browser.get(MINE)).find(id=f"membership-{asked.pk}")
    assert "Somebody else has declined this." in words(item)


def test_what_has_changed_since_it_was_read_is_read_once_more(coordinator, browser):
    asked = colleague(coordinator, 1)
    given = sent_on(press(browser, asked))
    # One more in line behind those who would get the seats changes nothing.
    learning.team(asked.person.learning_teams.get().cohort, "Ida")
    assert sent_on(press(browser, asked)) == given
    cohort = learning.cohort(seats=1)
    learning.team(cohort, "Jo", coordinator=asked)
    learning.team(cohort, "Kim")
    answer = press(browser, asked, **given)
    assert (answer.status_code, HeldDecision.objects.count()) == (409, 0)
    said = words(page(answer).find("main"))
    assert "Whom this writes to, or what they read, has changed since you read it. Look at it again." in said
    assert "a mail goes to 3 people" in said


def test_where_nothing_is_held_the_page_says_that_it_happens_at_once(coordinator, browser, settings):
    settings.MAIL_UNDO_SECONDS = 0
    asked = colleague(coordinator)
    answer = press(browser, asked)
    main = page(answer).find("main")
    assert "It takes effect at once and cannot be taken back." in words(main)
    assert words(main.select_one("button")) == "Decline"
    browser.post(f"{MINE}{asked.pk}/decline/", sent_on(answer))
    assert Membership.objects.get(pk=asked.pk).state == "declined"


def test_without_a_reason_nothing_is_shown_of_who_waits(coordinator, browser):
    answer = press(browser, colleague(coordinator), reason=" ")
    assert answer.status_code == 422
    said = words(page(answer).find("main"))
    assert ("Write a reason" in said, "Seats for those who wait" in said) == (True, False)


@pytest.mark.parametrize("who", ["visitor", "stranger", "asker", "member", "coordinator of another city"])
def test_who_may_not_decline_learns_nothing_of_who_waits(coordinator, client, who):
    asked = colleague(coordinator)
    people = {
        "stranger": PersonFactory,
        "asker": lambda: asked.person,
        "member": lambda: make.membership(local_government=coordinator.local_government).person,
        "coordinator of another city": lambda: make.coordinator().person,
    }
    if who != "visitor":
        sign_in(client, people[who](), factor=False)
    assert press(client, asked).status_code == (302 if who == "visitor" else 404)
    assert HeldDecision.objects.count() == 0


def test_a_coordinator_who_has_decided_about_all_stays_until_it_takes_effect(coordinator, browser):
    decline(colleague(coordinator), coordinator.person)
    stay = (
        "What was decided about a colleague has not taken effect yet, and until then the team needs its coordinator. "
        "Wait for that, or make a colleague coordinator."
    )
    assert stay in words(page(browser.get(MINE)).find("main"))
    with pytest.raises(DecisionNeedsCoordinator):
        services.end_membership(membership_id=coordinator.pk, by=coordinator.person)


@pytest.mark.parametrize("number", [1, 3])
def test_reading_whom_declining_tells_costs_the_same_however_many(
    coordinator, browser, number, django_assert_num_queries
):
    names = ("Di", "Ed", "Fe")[:number]
    asked = with_seats_waited_for(
        *("Bo", "Cy", "Al")[:number], waiting=names, local_government=coordinator.local_government
    )
    press(browser, asked)
    with django_assert_num_queries(28):
        answer = press(browser, asked)
    assert f"a mail goes to {number + 1} people" in words(page(answer).find("main"))
