"""Somebody who waits or applies alone and then joins on a city's seat is enrolled once, and nobody's seat is stuck."""

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from core.emailkeys import email_key
from learning import errors
from learning.models import Cohort, Enrolment
from learning.services import admit, apply_alone, join, promote_from_waiting_list, replace, withdraw_enrolment
from tests.factories import accounts, municipalities
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def states(person) -> list[tuple[str, bool]]:
    """Return how each of somebody's enrolments stands, and whether it is a city's."""
    mine = Enrolment.objects.filter(person=person).order_by("pk")
    return [(one.state, one.local_government_id is not None) for one in mine]


def test_who_waits_alone_and_joins_with_a_city_is_not_promoted_into_a_second_seat():
    cohort = make.cohort(seats=1)
    city = municipalities.coordinator()
    leaver = make.invited(cohort, "Zoe", coordinator=city)
    person = accounts.PersonFactory(email="ana@example.org")
    assert apply_alone(cohort_id=cohort.pk, person=person).state == "waitlisted"
    successor = replace(enrolment_id=leaver.pk, email=person.email, by=city.person)
    join(enrolment_id=successor.pk, person=person)
    assert states(person) == [("lapsed", False), ("active", True)]
    Cohort.objects.update(seats=2)
    assert promote_from_waiting_list(cohort_id=cohort.pk) == []
    assert states(person) == [("lapsed", False), ("active", True)]


def test_who_has_applied_alone_and_joins_with_a_city_cannot_be_admitted_as_well():
    cohort = make.cohort(admission="approval")
    person = accounts.PersonFactory(email="ana@example.org")
    application = apply_alone(cohort_id=cohort.pk, person=person)
    [wished] = make.team(cohort, "Ana").applied
    moderator = accounts.PersonFactory()
    join(enrolment_id=admit(enrolment_id=wished.pk, by=moderator).pk, person=person)
    with pytest.raises(errors.NotApplied):
        admit(enrolment_id=application.pk, by=moderator)
    assert states(person) == [("lapsed", False), ("active", True)]


def test_whom_a_city_has_put_forward_applies_alone_all_the_same():
    one = teamwork.a_team(admission="approval")
    wished = teamwork.invited(one)
    person = accounts.PersonFactory(email=wished.email)
    browser = teamwork.client_of(person)
    page = browser.post(f"/en/learning/cohorts/{one.cohort.slug}/apply/", follow=True)
    assert "Your application waits for the moderators." in words(page)
    again = browser.get(f"/en/learning/cohorts/{one.cohort.slug}/apply/")
    assert (again.status_code, again["Location"]) == (302, f"/en/learning/cohorts/{one.cohort.slug}/")
    assert (states(person), Enrolment.objects.count()) == ([("applied", False)], 2)
    moderator = accounts.PersonFactory()
    admit(enrolment_id=person.enrolments.get().pk, by=moderator)
    # The city's wish is no longer needed; granted, it is one more invitation to what she has joined.
    admit(enrolment_id=wished.pk, by=moderator)
    with pytest.raises(errors.JoinedAlready):
        join(enrolment_id=wished.pk, person=person)
    assert states(person) == [("active", False)]


def test_a_second_row_that_is_there_already_is_passed_over_and_not_admitted():
    cohort = make.cohort(seats=1)
    person = make.learner(cohort, "Ana").person
    other = accounts.PersonFactory()
    waiting = apply_alone(cohort_id=cohort.pk, person=other)
    Enrolment.objects.filter(pk=waiting.pk).update(person=person, email_key="elsewhere@example.org")
    Cohort.objects.update(seats=3)
    third = make.invited(cohort, "Bo")
    assert (promote_from_waiting_list(cohort_id=cohort.pk), third.state) == ([], "invited")
    Enrolment.objects.filter(pk=waiting.pk).update(state="applied", waiting_number=None)
    with pytest.raises(errors.JoinedAlready):
        admit(enrolment_id=waiting.pk, by=other)


@pytest.mark.parametrize(
    ("address", "is_passed_over"),
    [
        ("ana@example.org", True),
        ("Ana@Home.example", True),
        # Nobody has shown that this one is hers.
        ("ana@elsewhere.example", False),
    ],
)
def test_a_free_seat_passes_over_a_second_citys_wish_for_whoever_takes_part(address, is_passed_over):
    cohort = make.cohort(seats=1)
    learner = make.learner(cohort, "Ana")
    EmailAddress.objects.create(user=learner.person, email="ana@home.example", verified=True)
    EmailAddress.objects.create(user=learner.person, email="ana@elsewhere.example", verified=False)
    wish, other = make.invited(cohort, "Ana"), make.invited(cohort, "Bo")
    Enrolment.objects.filter(pk=wish.pk).update(email=address, email_key=email_key(address))
    Cohort.objects.update(seats=2)
    assert promote_from_waiting_list(cohort_id=cohort.pk) == [other if is_passed_over else wish]
    # Once she has left she is somebody to whom a city can give a seat.
    withdraw_enrolment(enrolment_id=learner.pk, by=None)
    assert {one.state for one in Enrolment.objects.filter(pk__in=[wish.pk, other.pk])} == {"invited"}


def test_an_address_that_another_account_has_enrolled_alone_gets_a_sentence():
    cohort = make.cohort()
    first = accounts.PersonFactory(email="office@city.example")
    apply_alone(cohort_id=cohort.pk, person=first)
    User.objects.filter(pk=first.pk).update(email="first@city.example")
    EmailAddress.objects.filter(user=first).update(email="first@city.example")
    second = accounts.PersonFactory(email="office@city.example")
    with pytest.raises(errors.AddressTaken):
        apply_alone(cohort_id=cohort.pk, person=second)


def test_the_cohorts_page_tells_what_is_furthest_on_and_leads_to_the_door():
    one = teamwork.a_team(seats=1)
    holder = teamwork.invited(one)
    person = accounts.PersonFactory(email="bo.berg@example.org")
    browser = teamwork.client_of(person)
    address = f"/en/learning/cohorts/{one.cohort.slug}/"
    waiting = apply_alone(cohort_id=one.cohort.pk, person=person)
    assert f'href="/learn/{waiting.token}/decline/"' in browser.get(address).content.decode()
    successor = replace(enrolment_id=holder.pk, email=person.email, by=one.coordinator)
    page = browser.get(address)
    assert ("A place in this course is yours." in words(page), "number 1" in words(page)) == (True, False)
    assert f'href="/learn/{successor.token}/"' in page.content.decode()


def test_an_application_is_taken_back():
    one = teamwork.a_team(admission="approval")
    person = accounts.PersonFactory()
    browser = teamwork.client_of(person)
    application = apply_alone(cohort_id=one.cohort.pk, person=person)
    door = f"/learn/{application.token}/decline/"
    assert f'href="{door}"' in browser.get(f"/en/learning/cohorts/{one.cohort.slug}/").content.decode()
    assert "Take the request back" in words(browser.get(door))
    assert states(person) == [("applied", False)]
    browser.post(door)
    assert states(person) == [("withdrawn", False)]
