"""The pages on which people ask to represent a city, and a coordinator's page: over HTTP, without a script."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from core import clock
from municipalities.models import LocalGovernment, Membership
from municipalities.services import representing
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

LIST = "/en/cities/represent/"
NEW = "/en/cities/represent/new/"
MINE = "/en/my/cities/"


@pytest.fixture
def person():
    return PersonFactory(country="SE")


@pytest.fixture
def signed_in(client: Client, person) -> Client:
    return sign_in(client, person)


def words(response) -> str:
    return unescape(response.content.decode())


def test_anybody_finds_a_listed_city_by_a_name_in_any_language_without_accents(client):
    make.local_government(name="Örebro", names={"ar": "أوربرو"}, slug="orebro")
    make.local_government(name="Oslo")
    make.proposed(name="Örebro Proposed")
    for query in ("orebro", "اوربرو"):
        html = words(client.get(LIST, {"q": query}))
        assert ("/en/cities/represent/orebro/" in html, "Oslo" in html, "Proposed" in html) == (True, False, False)
    assert "Nothing was found for <bdi>Atlantis</bdi>" in words(client.get(LIST, {"q": "Atlantis"}))
    assert 'href="/en/cities/represent/new/?q=New%20Atlantis"' in words(client.get(LIST, {"q": "New Atlantis"}))
    assert 'href="/en/cities/represent/new/"' in words(client.get(LIST, {"q": "Oslo"}))


def test_the_list_stands_in_the_order_of_the_readers_language(client):
    make.local_government(name="Vienna", names={"fr": "Autriche-Vienne"})
    make.local_government(name="Örebro")
    make.local_government(name="Oslo")
    for language, order in (("en", ["Örebro", "Oslo", "Vienna"]), ("fr", ["Autriche-Vienne", "Örebro", "Oslo"])):
        html = words(client.get(f"/{language}/cities/represent/"))
        assert sorted(order, key=html.index) == order


def test_the_comma_before_the_country_is_that_of_the_language(client):
    make.local_government(name="Oslo", names={"ar": "أوسلو"}, slug="oslo", country="NO")
    assert "<bdi>Oslo</bdi></a>, Norway</span>" in words(client.get(LIST))
    assert "<bdi>أوسلو</bdi></a>، النرويج</span>" in words(client.get("/ar/cities/represent/"))


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_however_many_cities_there_are(client, number, django_assert_num_queries):
    for _ in range(number):
        make.local_government()
    client.get(LIST)
    with django_assert_num_queries(2):
        client.get(LIST)


def test_the_search_keeps_to_its_length_and_escapes_what_was_asked(client):
    html = client.get(LIST, {"q": "<script>" + "a" * 500}).content.decode()
    assert f'value="&lt;script&gt;{"a" * 192}"' in html
    assert "<script>a" not in html


@pytest.mark.parametrize("address", [NEW, MINE, "/en/cities/represent/oslo/"])
def test_a_visitor_is_asked_to_sign_in_first(client, address):
    make.local_government(slug="oslo")
    response = client.get(address)
    assert (response.status_code, response.url) == (302, f"/en/account/login/?next={address}")


def test_a_person_asks_and_reads_that_somebody_decides(signed_in, person):
    city = make.local_government(slug="oslo", name="Oslo")
    assert "no coordinator yet" in words(signed_in.get("/en/cities/represent/oslo/"))
    given = {"role": "coordinator", "department": " Klima\u202e "}
    response = signed_in.post("/en/cities/represent/oslo/", given)
    assert (response.status_code, response.url) == (303, MINE)
    membership = Membership.objects.get()
    assert (membership.person, membership.local_government) == (person, city)
    assert (membership.role, membership.department, membership.state) == ("coordinator", "Klima", "asked")
    html = words(signed_in.get(MINE))
    assert "Your request is noted. You get a mail when somebody has decided." in html
    assert "Waiting for a decision" in html
    assert "You have asked to represent this city already." in words(signed_in.get("/en/cities/represent/oslo/"))


def test_a_member_reads_who_decides(signed_in):
    make.local_government(slug="oslo")
    make.coordinator(local_government=make.local_government(slug="bodo"))
    staff_decide = "while there is no coordinator, the team of GKEC decides about my request."
    coordinator_decides = "Member of the team: the coordinator decides about my request."
    for slug, expected in (("oslo", (True, False)), ("bodo", (False, True))):
        html = words(signed_in.get(f"/en/cities/represent/{slug}/"))
        assert (staff_decide in html, coordinator_decides in html) == expected


def test_a_city_with_a_coordinator_says_so_and_names_nobody(signed_in):
    coordinator = make.coordinator(local_government=make.local_government(slug="oslo"))
    html = words(signed_in.get("/en/cities/represent/oslo/"))
    assert "This city has a coordinator, who decides about your request." in html
    assert coordinator.person.email not in html
    assert coordinator.person.display_name not in html


def test_no_browser_fills_a_job_title_into_the_department(signed_in):
    make.local_government(name="Oslo", slug="oslo")
    html = words(signed_in.get("/en/cities/represent/oslo/"))
    field = html.split('name="department"')[1].split(">")[0]
    assert ("autocomplete" in field, "organization-title" in html) == (False, False)


@pytest.mark.parametrize("given", [{}, {"role": "mayor"}, {"role": "member", "department": "a" * 121}])
def test_a_wrong_answer_gets_a_sentence_and_writes_nothing(signed_in, given):
    make.local_government(slug="oslo")
    response = signed_in.post("/en/cities/represent/oslo/", given)
    assert response.status_code == 422
    sentence = "Write a name of at most 120 characters." if "department" in given else "Choose one of the two."
    assert sentence in words(response)
    assert not Membership.objects.exists()


@pytest.mark.parametrize("standing", ["pending", "retired"])
def test_a_city_that_is_not_listed_is_not_shown_by_its_address(signed_in, standing):
    make.local_government(slug="oslo", standing=standing)
    assert signed_in.get("/en/cities/represent/oslo/").status_code == 404
    assert signed_in.post("/en/cities/represent/oslo/", {"role": "member"}).status_code == 404
    assert not Membership.objects.exists()


def test_a_person_proposes_a_city_and_their_country_is_chosen_already(signed_in, person):
    assert '<option value="SE" selected>' in words(signed_in.get(NEW))
    response = signed_in.post(NEW, {"name": "Nyköping", "country": "SE", "department": ""})
    assert (response.status_code, response.url) == (303, MINE)
    city = LocalGovernment.objects.get()
    assert (city.name, city.standing, city.memberships.get().person) == ("Nyköping", "pending", person)
    assert "Nyköping" not in words(signed_in.get(LIST))
    assert "Nyköping" in words(signed_in.get(MINE))


def test_what_was_searched_in_vain_is_the_name_to_propose(signed_in):
    html = signed_in.get(NEW, {"q": " Bou\u202elaouane <1>\x00"}).content.decode()
    assert 'name="name" value="Boulaouane &lt;1&gt;"' in html


@pytest.mark.parametrize(("role", "is_told"), [("coordinator", True), ("member", False)])
def test_who_asks_to_coordinate_is_led_to_the_cohorts_meanwhile(signed_in, role, is_told):
    make.local_government(slug="oslo", name="Oslo")
    signed_in.post("/en/cities/represent/oslo/", {"role": role, "department": ""})
    sentence = "You can enrol your team meanwhile: the invitations leave when you are approved."
    led = f'{sentence} <a href="/en/learning/cohorts/">Open cohorts</a>'
    assert (led in words(signed_in.get(MINE))) is is_told


def test_a_proposal_for_a_city_that_staff_retire_at_that_moment_is_refused_in_words_and_kept(signed_in, monkeypatch):
    city = make.local_government(name="Nyköping")
    look = representing._same

    def retired_after_the_look(name: str, country: str) -> LocalGovernment | None:
        found = look(name, country)
        LocalGovernment.objects.filter(pk=city.pk).update(standing="retired")
        return found

    monkeypatch.setattr(representing, "_same", retired_after_the_look)
    given = {"name": "Nyköping", "country": "SE", "department": "<Klimat>"}
    response = signed_in.post(NEW, given)
    html = response.content.decode()
    assert (response.status_code, Membership.objects.exists()) == (409, False)
    assert "This city cannot be represented here. Choose another one from the list." in html
    for kept in ('value="Nyköping"', '<option value="SE" selected>', 'value="&lt;Klimat&gt;"'):
        assert kept in html
    # Sent once more it is a proposal like any other; what stood for staff was undone with the refusal.
    monkeypatch.undo()
    LocalGovernment.objects.filter(pk=city.pk).update(standing="retired")
    assert signed_in.post(NEW, given).status_code == 303
    assert Membership.objects.get().local_government.standing == "pending"


def test_nobody_floods_the_directory_with_proposals(signed_in):
    for number in range(5):
        assert signed_in.post(NEW, {"name": f"City of {number} lakes", "country": "SE"}).status_code == 303
    response = signed_in.post(NEW, {"name": "One more", "country": "SE"})
    assert (response.status_code, response["Retry-After"]) == (429, "86400")
    assert "what you typed is kept" in words(response)
    assert LocalGovernment.objects.count() == 5


@pytest.mark.parametrize("given", [{"name": " ", "country": "SE"}, {"name": "Nyköping", "country": "XX"}])
def test_a_wrong_proposal_writes_nothing(signed_in, given):
    assert signed_in.post(NEW, given).status_code == 422
    assert not LocalGovernment.objects.exists()


def test_my_gkec_shows_the_cities_that_are_open(signed_in, person):
    make.coordinator(person=person, local_government=make.local_government(name="Oslo"))
    make.membership(person=person, local_government=make.local_government(name="Former"), state="ended")
    html = words(signed_in.get("/en/my/"))
    assert ("Oslo" in html, "Coordinator" in html, "Former" in html) == (True, True, False)


@pytest.fixture
def team(person):
    """A city that the person coordinates, with somebody who asks and a member."""
    city = make.coordinator(person=person, local_government=make.local_government(name="Oslo")).local_government
    asking = make.membership(
        local_government=city,
        state="asked",
        department="<b>Klima</b>",
        person=PersonFactory(display_name="Ana <i>Silva</i>", email="ana@oslo.example"),
    )
    return city, asking, make.membership(local_government=city, person=PersonFactory(display_name="Bo Berg"))


def test_a_coordinator_sees_who_asks_and_who_belongs_to_the_team(signed_in, team):
    make.membership(state="asked", person=PersonFactory(display_name="Stranger"))
    html = signed_in.get(MINE).content.decode()
    assert "Ana &lt;i&gt;Silva&lt;/i&gt;" in html
    assert "&lt;b&gt;Klima&lt;/b&gt;" in html
    assert ("ana@oslo.example" in html, "Bo Berg" in html, "Stranger" in html) == (True, True, False)
    # The mail that says "you can enrol colleagues" leads to this page.
    assert '<a href="/en/learning/cohorts/">Open cohorts</a>' in html


@pytest.mark.parametrize("state", ["asked", "ended", "declined"])
def test_who_does_not_coordinate_sees_nobody(client, state):
    city = make.membership(person=PersonFactory(display_name="Bo Berg")).local_government
    other = make.coordinator(local_government=city, state=state)
    assert "Bo Berg" not in words(sign_in(client, other.person).get(MINE))


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_however_many_cities_and_colleagues(
    signed_in, person, number, django_assert_num_queries
):
    for _ in range(number):
        city = make.coordinator(person=person).local_government
        for state in ("asked", "approved"):
            make.membership(local_government=city, state=state)
    signed_in.get(MINE)
    with django_assert_num_queries(7):
        assert words(signed_in.get(MINE)).count("Waiting for your decision") == number


def test_a_coordinator_approves(signed_in, team):
    _city, asking, _member = team
    response = signed_in.post(f"{MINE}{asking.pk}/approve/")
    assert (response.status_code, response.url) == (303, MINE)
    asking.refresh_from_db()
    assert asking.state == "approved"
    assert "Your colleague belongs to the team now." in words(signed_in.get(MINE))


def test_a_coordinator_declines_with_a_reason_that_the_colleague_reads(signed_in, team):
    _city, asking, _member = team
    answer = signed_in.post(f"{MINE}{asking.pk}/decline/", {"reason": "Left <last> year"})
    assert (answer.status_code, answer.url) == (303, MINE)
    asking.refresh_from_db()
    assert (asking.state, asking.reason) == ("declined", "Left <last> year")
    html = sign_in(Client(), asking.person).get(MINE).content.decode()
    assert '<p dir="auto">Left &lt;last&gt; year</p>' in html


def test_a_coordinator_makes_a_colleague_coordinator_and_leaves(signed_in, team, person):
    city, _asking, member = team
    assert signed_in.post(f"{MINE}{member.pk}/coordinator/").status_code == 303
    own = city.memberships.get(person=person)
    assert signed_in.post(f"{MINE}{own.pk}/end/", {"ends_on": ""}).status_code == 303
    member.refresh_from_db()
    own.refresh_from_db()
    assert (member.role, own.state) == ("coordinator", "ended")
    assert "Bo Berg" not in words(signed_in.get(MINE))


def test_a_last_day_can_be_given(signed_in, team):
    _city, _asking, member = team
    last = clock.now().date() + timedelta(days=9)
    assert signed_in.post(f"{MINE}{member.pk}/end/", {"ends_on": last.isoformat()}).status_code == 303
    member.refresh_from_db()
    assert (member.state, member.ends_on) == ("approved", last)


ACTIONS = ["approve", "decline", "end", "coordinator"]


@pytest.mark.parametrize("action", ACTIONS)
def test_reading_an_address_changes_nothing_and_leads_to_the_forms(signed_in, team, action):
    _city, asking, member = team
    for key in (asking.pk, member.pk, 999999):
        answer = signed_in.get(f"{MINE}{key}/{action}/")
        assert (answer.status_code, answer.url) == (303, MINE)
    assert list(Membership.objects.order_by("pk").values_list("state", flat=True)) == ["approved", "asked", "approved"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", ["stranger", "member", "coordinator elsewhere", "former coordinator"])
def test_a_coordinator_of_a_acts_on_b(client, action, who):
    asked = make.membership(state="asked")
    attackers = {
        "stranger": PersonFactory,
        "member": lambda: make.membership(local_government=asked.local_government).person,
        "coordinator elsewhere": lambda: make.coordinator().person,
        "former coordinator": lambda: make.coordinator(local_government=asked.local_government, state="ended").person,
    }
    sign_in(client, attackers[who]())
    there = client.post(f"{MINE}{asked.pk}/{action}/", {"reason": "no"})
    nowhere = client.post(f"{MINE}999999/{action}/", {"reason": "no"})
    # The answer is the same whether or not there is such a membership, and whatever is sent.
    assert (there.status_code, nowhere.status_code) == (404, 404)
    wrong = {"reason": "", "ends_on": "soon"}
    assert [client.post(f"{MINE}{key}/{action}/", wrong).status_code for key in (asked.pk, 999999)] == [404, 404]
    asked.refresh_from_db()
    assert (asked.state, asked.role) == ("asked", "member")


@pytest.mark.parametrize("action", ["approve", "coordinator"])
def test_somebody_makes_themselves_coordinator(client, action):
    asked = make.coordinator(state="asked")
    assert sign_in(client, asked.person).post(f"{MINE}{asked.pk}/{action}/").status_code == 404
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_a_form_from_another_site_is_refused(team, person):
    _city, asking, _member = team
    careful = sign_in(Client(enforce_csrf_checks=True), person)
    assert careful.post(f"{MINE}{asking.pk}/approve/").status_code == 403
    asking.refresh_from_db()
    assert asking.state == "asked"


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_pages_open_in_other_languages(client, person, team, language):
    sign_in(client, person)
    make.local_government(slug="bergen")
    for rest in ("cities/represent/", "cities/represent/new/", "cities/represent/bergen/", "my/cities/"):
        response = client.get(f"/{language}/{rest}")
        assert response.status_code == 200
        assert f'<html lang="{language}"' in words(response)


def test_the_dates_of_a_membership_are_told_as_far_as_they_are_known(signed_in, person):
    days = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 5, 31)}
    for fields in (
        {"state": "ended", **days},
        {"starts_on": date(2026, 2, 1)},
        {"state": "asked", "asked_at": datetime(2026, 4, 1, tzinfo=UTC)},
        {"state": "declined", "decided_at": datetime(2026, 6, 1, tzinfo=UTC)},
        {"state": "ended", "starts_on": None, "ends_on": date(2026, 7, 1)},
    ):
        make.membership(person=person, **fields)
    said = re.findall(r'<p class="small soft">(.*?)</p>', words(signed_in.get(MINE)))
    assert sorted(said) == [
        "1 July 2026",
        "1 June 2026",
        "asked on 1 April 2026",
        "from 1 February 2026",
        "from 1 March 2026 until 31 May 2026",
    ]
