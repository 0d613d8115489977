"""Cohorts of a course that is kept to some people: shut to who guesses, open to who may read it or is in already."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from wagtail.models import Page, PageViewRestriction

from accounts.models import User
from learning.models import Cohort, Enrolment
from learning.services import apply_alone, withdraw_enrolment
from municipalities.services import represent
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import Team, words

pytestmark = pytest.mark.django_db

GROUPS, LOGIN, PASSWORD = PageViewRestriction.GROUPS, PageViewRestriction.LOGIN, PageViewRestriction.PASSWORD


@pytest.fixture(scope="module")
def one(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[Team]:
    """A cohort of a course with one page, and a city with its coordinator that has nobody in it."""
    with made_once():
        place = teamwork.a_team(slug="inner-circle", name="Inner circle")
        make.public_page(place.cohort.course)
        yield place


def keep(cohort: Cohort, kind: str, *groups: Group) -> PageViewRestriction:
    """Keep the course to some people."""
    page = Page.objects.get(translation_key=cohort.course.translation_key)
    made = PageViewRestriction.objects.create(page=page, restriction_type=kind, password="open sesame")
    made.groups.set(groups)
    return made


def page(slug: str = "inner-circle") -> str:
    return f"/en/learning/cohorts/{slug}/"


def answers(client: Client, slug: str = "inner-circle") -> list[int]:
    """Return how page, form to take part and form for teams answer, the forms when sent too."""
    forms = [f"{page(slug)}apply/", f"{page(slug)}team/"]
    got = [client.get(address).status_code for address in (page(slug), *forms)]
    return [*got, *(client.post(address, {"confirm": "yes"}).status_code for address in forms)]


@pytest.mark.parametrize("kind", [GROUPS, PASSWORD])
def test_guessing_the_address_of_a_private_cohort_while_signed_in(one, kind):
    assert teamwork.client_of(accounts.PersonFactory()).get(page()).status_code == 200
    keep(one.cohort, kind, Group.objects.create(name="Partners"))
    for spy in (accounts.PersonFactory(), one.coordinator):
        client = teamwork.client_of(spy)
        assert answers(client) == answers(client, "no-such-cohort") == [404] * 5
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("kind", [GROUPS, LOGIN, PASSWORD])
def test_guessing_the_address_of_a_private_cohort_as_a_visitor(one, kind):
    assert Client().get(page()).status_code == 200
    keep(one.cohort, kind)
    assert answers(Client()) == answers(Client(), "no-such-cohort") == [404, 302, 302, 302, 302]


def test_enrolling_a_team_into_a_private_cohort_with_a_whole_list(one):
    restriction = keep(one.cohort, GROUPS)
    assert teamwork.enrol(one, "ana@city.example").status_code == 404
    assert not Enrolment.objects.exists()
    restriction.delete()
    assert teamwork.enrol(one, "ana@city.example").status_code == 303


def test_looking_for_private_cohorts_among_those_that_a_team_can_choose(one):
    other = teamwork.second_city(make.public_cohort(name="Open", slug="open"))
    keep(one.cohort, GROUPS, partners := Group.objects.create(name="Partners"))
    client = teamwork.client_of(other.coordinator)
    shown = words(client.get(other.team(), {"city": other.city.slug}))
    assert ("Open" in shown, "Inner circle" in shown) == (True, False)
    through = {"city": other.city.slug, "cohort": one.cohort.slug}
    assert client.get(other.team(), through).status_code == 200
    other.coordinator.groups.add(partners)
    assert "Inner circle" in words(client.get(other.team(), {"city": other.city.slug}))
    assert client.get(other.team(), through)["Location"].startswith(f"{page()}team/")


def test_looking_through_the_page_of_a_team_that_ones_city_does_not_have(one):
    client = teamwork.client_of(one.coordinator)
    assert client.get(one.dashboard()).status_code == 200
    restriction = keep(one.cohort, GROUPS)
    addresses = [one.dashboard(), f"{one.dashboard()}withdraw/"]
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    restriction.delete()
    teamwork.invited(one)
    keep(one.cohort, GROUPS)
    assert [client.get(address).status_code for address in addresses] == [200, 200]


def test_who_has_an_account_meets_and_joins_a_cohort_for_people_with_one(one):
    keep(one.cohort, LOGIN)
    client = teamwork.client_of(person := accounts.PersonFactory())
    assert client.get(page()).status_code == 200
    assert client.post(f"{page()}apply/").status_code == 303
    assert Enrolment.objects.get().person == person
    assert teamwork.enrol(one, "ana@city.example").status_code == 303


def test_who_belongs_to_the_group_meets_and_joins_its_cohort(one):
    group = Group.objects.create(name="Partners")
    keep(one.cohort, GROUPS, Group.objects.create(name="Others"), group)
    person = accounts.PersonFactory()
    person.groups.add(group)
    assert teamwork.client_of(person).post(f"{page()}apply/").status_code == 303
    assert Enrolment.objects.get().person == person


def type_in(client: Client, restriction: PageViewRestriction, password: str) -> None:
    """Type a password where Wagtail asks for that of a page."""
    door = reverse("wagtailcore_authenticate_with_password", args=[restriction.pk, restriction.page_id])
    client.post(door, {"password": password, "return_url": "/"})


def test_who_has_typed_the_password_of_the_page_meets_its_cohort_until_signing_out(one):
    restriction = keep(one.cohort, PASSWORD)
    client = teamwork.client_of(person := accounts.PersonFactory())
    type_in(client, restriction, "wrong")
    assert client.get(page()).status_code == 404
    type_in(client, restriction, "open sesame")
    assert client.get(page()).status_code == 200
    client.post(reverse("account_logout"))
    accounts.sign_in(client, person, factor=False)
    assert client.get(page()).status_code == 404
    type_in(client, restriction, "open sesame")
    assert client.post(f"{page()}apply/").status_code == 303
    assert Enrolment.objects.get().person == person


def test_two_locks_one_above_the_other_want_both_keys(one):
    group = Group.objects.create(name="Partners")
    keep(one.cohort, GROUPS, group)
    above = Page.objects.get(translation_key=one.cohort.course.translation_key).get_parent()
    restriction = PageViewRestriction.objects.create(page=above, restriction_type=PASSWORD, password="x")
    person = accounts.PersonFactory()
    person.groups.add(group)
    client = teamwork.client_of(person)
    assert client.get(page()).status_code == 404
    type_in(client, restriction, "x")
    assert client.get(page()).status_code == 200
    person.groups.remove(group)
    assert client.get(page()).status_code == 404


def test_a_page_in_another_language_that_anybody_may_read_keeps_nothing(one):
    keep(one.cohort, GROUPS)
    make.public_page(one.cohort.course, language="fr", title="Budgets pour le climat")
    assert (Client().get(page()).status_code, teamwork.enrol(one, "ana@city.example").status_code) == (200, 303)


def test_reading_the_title_of_a_private_page_where_another_language_is_public(one):
    [private] = Page.objects.filter(translation_key=one.cohort.course.translation_key)
    keep(one.cohort, GROUPS)
    make.public_page(one.cohort.course, language="fr", title="Budgets pour le climat")
    client = teamwork.client_of(one.coordinator)
    choice = f"{page()}team/?city={one.city.slug}"
    forms = (f"{page()}apply/", f"{page()}team/", choice, one.dashboard())
    for html in (Client().get(page()).content.decode(), *(client.get(form).content.decode() for form in forms)):
        assert (private.title in html, f"/{private.slug}/" in html) == (False, False)
    assert "Budgets pour le climat" in words(Client().get(page()))


def invited(one: Team) -> User:
    return accounts.PersonFactory(email=teamwork.invited(one).email)


def learner(one: Team) -> User:
    return teamwork.joined(one)[0].person


def applicant(one: Team) -> User:
    return apply_alone(cohort_id=one.cohort.pk, person=accounts.PersonFactory()).person


def moderator(one: Team) -> User:
    one.cohort.moderators.add(person := accounts.PersonFactory())
    return person


def coordinator(one: Team) -> User:
    teamwork.invited(one)
    return one.coordinator


def asking(one: Team) -> User:
    represent(person=(person := accounts.PersonFactory()), local_government_id=one.city.pk, role="coordinator")
    said = {"city": one.city.slug, "lines": "ana@city.example", "language": "en", "confirm": "yes"}
    assert teamwork.client_of(person).post(one.team(), said).status_code == 303
    return person


def staff(one: Team) -> User:
    return accounts.PersonFactory(admin=True)


@pytest.mark.parametrize("who", [invited, learner, applicant, moderator, coordinator, asking, staff])
def test_who_is_in_already_keeps_the_cohort_when_its_course_is_kept_to_others(one, who):
    person = who(one)
    keep(one.cohort, GROUPS)
    client = accounts.sign_in(Client(), person)
    addresses = (page(), f"{page()}apply/", f"{page()}team/")
    # Whoever takes part is led from the way in to the cohort itself.
    assert [client.get(address, follow=True).status_code for address in addresses] == [200] * 3


def withdrawn(one: Team) -> User:
    enrolment, _browser = teamwork.joined(one)
    withdraw_enrolment(enrolment_id=enrolment.pk, by=one.coordinator)
    return enrolment.person


def put_forward(one: Team) -> User:
    """Return somebody whom a team's draft names, of which nobody was told."""
    asking(one)
    return accounts.PersonFactory(email="ana@city.example")


def unconfirmed(one: Team) -> User:
    return accounts.PersonFactory(email=teamwork.invited(one).email, verified=False)


@pytest.mark.parametrize("who", [withdrawn, put_forward, unconfirmed])
def test_meeting_a_private_cohort_in_the_name_of_somebody_who_is_in(one, who):
    person = who(one)
    keep(one.cohort, GROUPS)
    assert answers(teamwork.client_of(person)) == [404] * 5


def test_the_choice_takes_as_many_statements_for_one_private_cohort_as_for_three(one, django_assert_num_queries):
    group = Group.objects.create(name="Partners")
    one.coordinator.groups.add(group)
    keep(one.cohort, GROUPS, group)
    client = teamwork.client_of(one.coordinator)

    def shown() -> Any:
        return client.get(one.team(), {"city": one.city.slug}).content.decode().count("Inner circle")

    # Once before each: what pages share is made anew after something was written.
    shown()
    with django_assert_num_queries(18):
        alone = shown()
    for number in (2, 3):
        make.cohort(course=one.cohort.course, name=f"Inner circle {number}")
    shown()
    with django_assert_num_queries(18):
        assert shown() == alone + 2
