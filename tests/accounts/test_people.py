"""Making people, changing them, and what the database keeps about them."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import roles, services
from accounts.errors import AddressTaken, UnknownGroup
from accounts.models import User
from tests.factories.accounts import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db


def test_a_person_is_made_whole() -> None:
    person = services.create_person(
        email="Anna.Kowalska@City.Example",
        password="gkec-demo",
        groups=[roles.EDITORS, roles.EVENT_MANAGERS],
        display_name=" Anna\u202e  Kowalska\x00 ",
        language="fr",
        timezone="America/Bogota",
        country="CO",
    )
    person.refresh_from_db()
    assert person.email == "anna.kowalska@city.example"
    assert person.display_name == "Anna Kowalska"
    assert (person.short_name, str(person)) == ("Anna", "Anna Kowalska")
    assert (person.language, person.timezone, person.country) == ("fr", "America/Bogota", "CO")
    assert person.is_staff
    assert not person.is_superuser
    assert person.check_password("gkec-demo")
    assert sorted(person.groups.values_list("name", flat=True)) == ["Editors", "Event managers"]
    assert list(EmailAddress.objects.values_list("user", "email", "primary", "verified")) == [
        (person.pk, "anna.kowalska@city.example", True, True)
    ]


def test_a_person_without_a_password_has_none_that_opens() -> None:
    person = services.create_person(email="a@city.example")
    assert not person.has_usable_password()
    assert not person.check_password("")
    assert (person.display_name, person.short_name, person.get_full_name()) == ("", "", "a@city.example")


def test_an_address_opens_one_account_only_in_whatever_case() -> None:
    PersonFactory(email="a@city.example")
    with pytest.raises(AddressTaken):
        services.create_person(email="A@City.Example")
    assert User.objects.count() == 1


def test_an_address_that_somebody_has_confirmed_besides_is_taken_too() -> None:
    EmailAddress.objects.create(user=PersonFactory(), email="second@city.example", verified=True)
    with pytest.raises(AddressTaken):
        services.create_person(email="second@city.example")


def test_an_unknown_group_leaves_nobody_behind() -> None:
    with pytest.raises(UnknownGroup):
        services.create_person(email="a@city.example", groups=["Editors", "Emperors"])
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "de"),
        ("language", "EN"),
        ("timezone", "Mars/Olympus"),
        ("timezone", ""),
        ("country", "XX"),
        ("country", "co"),
        ("gender", "x"),
        ("display_name", "n" * 121),
    ],
)
def test_a_bad_field_is_refused_by_the_service(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.create_person(email="a@city.example", **{field: value})
    assert list(refusal.value.error_dict) == [field]
    person = PersonFactory()
    with pytest.raises(ValidationError) as refusal:
        services.update_profile(person=person, **{field: value})
    assert list(refusal.value.error_dict) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "Upper@city.example"),
        ("language", "EN"),
        ("language", ""),
        ("timezone", ""),
        ("country", "co"),
        ("gender", "x"),
    ],
)
def test_the_database_refuses_it_too(field: str, value: str) -> None:
    person = PersonFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=person.pk).update(**{field: value})


def test_a_profile_is_changed_by_its_own_fields_alone() -> None:
    person = PersonFactory(display_name="Before", country="PL")
    services.update_profile(person=person, display_name="After")
    person.refresh_from_db()
    assert (person.display_name, person.country) == ("After", "PL")
    with pytest.raises(TypeError):
        services.update_profile(person=person, is_superuser=True)
    with pytest.raises(TypeError):
        services.create_person(email="b@city.example", is_active=False)


def test_a_new_address_by_staff_ends_what_the_old_one_opened() -> None:
    person = PersonFactory(email="old@city.example")
    services.change_address(person=person, email="New@City.Example")
    person.refresh_from_db()
    assert (person.email, person.session_generation) == ("new@city.example", 1)
    assert list(EmailAddress.objects.values_list("email", "primary", "verified")) == [("new@city.example", True, False)]


def test_the_same_address_changes_nothing() -> None:
    person = PersonFactory(email="old@city.example")
    services.change_address(person=person, email="OLD@city.example")
    assert EmailAddress.objects.get().verified
    assert person.session_generation == 0


def test_an_address_of_somebody_else_is_refused() -> None:
    PersonFactory(email="taken@city.example")
    person = PersonFactory(email="old@city.example")
    with pytest.raises(AddressTaken):
        services.change_address(person=person, email="taken@city.example")
    assert person.email == "old@city.example"


def test_closing_an_account_by_any_statement_raises_its_generation_of_sessions() -> None:
    person = PersonFactory()
    User.objects.filter(pk=person.pk).update(is_active=False)
    User.objects.filter(pk=person.pk).update(is_active=True)
    # A copy of the person from before, saved whole, must not bring the old generation back.
    person.save()
    person.refresh_from_db()
    assert person.session_generation == 1
    services.set_active(person=person, active=False)
    assert person.session_generation == 2


def test_people_are_found_by_address_in_any_case() -> None:
    person = PersonFactory(email="a@city.example")
    assert User.objects.get_by_natural_key("A@City.Example") == person
    assert person.check_password(PASSWORD)
