"""The profile page: what it shows, what it takes, and what it refuses in words."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from core.models import Term
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

PROFILE = "/en/account/profile/"


@pytest.fixture
def person() -> User:
    """Somebody with a whole profile."""
    return PersonFactory(
        email="ana@city.example",
        display_name="Ana Lima",
        language="en",
        timezone="America/Bogota",
        country="CO",
        organisation="City of Bogotá",
        gender="woman",
        role="Energy manager",
    )


def answers(**changes: str) -> dict[str, str]:
    """Return the form as a browser posts it, unchanged but for what is given."""
    data = {
        "display_name": "Ana Lima",
        "language": "en",
        "timezone": "America/Bogota",
        "country": "CO",
        "organisation": "City of Bogotá",
        "organisation_type": "",
        "role": "Energy manager",
        "gender": "woman",
    }
    return {**data, **changes}


def known(person: User) -> dict[str, Any]:
    """Return what the database holds of the profile."""
    return User.objects.filter(pk=person.pk).values(*answers()).get()


def test_a_profile_shows_and_takes_what_a_person_says(client: Client, person: User) -> None:
    sign_in(client, person, factor=False)
    page = client.get(PROFILE).content.decode()
    assert 'value="City of Bogotá"' in page
    assert '<option value="America/Bogota" selected>Bogota (UTC−5)</option>' in page
    assert '<option value="CO" selected>Colombia</option>' in page
    assert "We ask so that the report to our funder can say how many women and men take part." in page
    kind = Term.objects.create(vocabulary="organisation-type", slug="guild", labels={"en": "Guild"})
    changes = {"display_name": "Ana  María\u202e Lima\x00", "country": "", "gender": "", "language": "ar"}
    answer = client.post(PROFILE, answers(**changes, organisation_type=str(kind.pk)))
    assert (answer.status_code, answer["Location"]) == (303, "/ar/account/profile/")
    assert known(person) == {
        "display_name": "Ana María Lima",
        "language": "ar",
        "timezone": "America/Bogota",
        "country": "",
        "organisation": "City of Bogotá",
        "organisation_type": kind.pk,
        "role": "Energy manager",
        "gender": "",
    }
    page = client.get(answer["Location"]).content.decode()
    assert '<html lang="ar" dir="rtl">' in page


def test_who_changes_no_language_stays_in_the_one_of_the_page(client: Client, person: User) -> None:
    sign_in(client, person, factor=False)
    User.objects.filter(pk=person.pk).update(language="es")
    answer = client.post(PROFILE, answers(language="es", organisation="City of Cali"))
    assert (answer.status_code, answer["Location"]) == (303, PROFILE)


REFUSALS = {
    "no name": ({"display_name": ""}, "Enter your name."),
    "a name of nothing visible": ({"display_name": " \u202e\x00\t"}, "Enter your name."),
    "a name too long": ({"display_name": "n" * 121}, "Write a name of at most 120 characters."),
    "no language": ({"language": ""}, "Choose one of the languages in the list."),
    "a language we lack": ({"language": "de"}, "Choose one of the languages in the list."),
    "no zone": ({"timezone": ""}, "Choose one of the time zones in the list."),
    "a zone that is none": ({"timezone": "Mars/Olympus"}, "Choose one of the time zones in the list."),
    "a country that is none": ({"country": "ZZ"}, "Choose one of the countries in the list."),
    "an organisation too long": (
        {"organisation": "o" * 201},
        "Write a name of at most 200 characters.",
    ),
    "a kind that is a word": ({"organisation_type": "city"}, "Choose one of the entries in the list."),
    "a kind that is not there": ({"organisation_type": "999999"}, "Choose one of the entries in the list."),
    "a gender we did not offer": ({"gender": "<script>"}, "Choose one of the entries in the list."),
    "a role too long": ({"role": "r" * 121}, "Write a role of at most 120 characters."),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_bad_input_is_refused_in_one_sentence_and_nothing_typed_is_lost(
    client: Client, person: User, case: str
) -> None:
    changes, sentence = REFUSALS[case]
    sign_in(client, person, factor=False)
    before = known(person)
    answer = client.post(PROFILE, answers(**{"role": "Typed just now", **changes}))
    page = answer.content.decode()
    assert answer.status_code == 422
    [field] = changes
    assert re.findall(r'<div class="field__error"[^>]*>(.*?)</div>', page) == [sentence]
    assert f'href="#id_{field}"' in page
    assert field == "role" or 'value="Typed just now"' in page
    assert known(person) == before


def test_a_kind_of_another_vocabulary_is_refused(client: Client, person: User) -> None:
    other = Term.objects.create(vocabulary="event-format", slug="x", labels={"en": "X"})
    sign_in(client, person, factor=False)
    assert client.post(PROFILE, answers(organisation_type=str(other.pk))).status_code == 422


def test_a_retired_kind_stays_with_whoever_has_it(client: Client, person: User) -> None:
    kind = Term.objects.create(vocabulary="organisation-type", slug="x", labels={"en": "Guild"}, is_active=False)
    sign_in(client, person, factor=False)
    assert client.post(PROFILE, answers(organisation_type=str(kind.pk))).status_code == 422
    User.objects.update(organisation_type=kind)
    assert ">Guild</option>" in client.get(PROFILE).content.decode()
    assert client.post(PROFILE, answers(organisation_type=str(kind.pk))).status_code == 303


def test_an_unlisted_zone_stays_with_whoever_has_it(client: Client, person: User) -> None:
    User.objects.update(timezone="Etc/GMT-3")
    sign_in(client, person, factor=False)
    assert '<option value="Etc/GMT-3" selected>' in client.get(PROFILE).content.decode()
    assert client.post(PROFILE, answers(timezone="Etc/GMT-3")).status_code == 303


def test_what_a_person_types_is_escaped(client: Client, person: User) -> None:
    sign_in(client, person, factor=False)
    client.post(PROFILE, answers(display_name='"><script>alert(1)</script>'))
    page = client.get(PROFILE).content.decode()
    assert "<script>alert" not in page
    assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page


def test_posting_rights_beside_the_profile_gives_none(client: Client, person: User) -> None:
    sign_in(client, person, factor=False)
    rights = {"is_superuser": "on", "is_staff": "on", "groups": "1", "email": "admin@gkec.example", "is_active": ""}
    assert client.post(PROFILE, {**answers(), **rights}).status_code == 303
    person.refresh_from_db()
    assert (person.is_superuser, person.is_staff, person.groups.count()) == (False, False, 0)
    assert (person.email, person.is_active) == ("ana@city.example", True)


def test_posting_another_persons_id_changes_only_ones_own(client: Client, person: User) -> None:
    other = PersonFactory(display_name="Other")
    sign_in(client, person, factor=False)
    address = f"{PROFILE}?id={other.pk}&user={other.pk}"
    client.post(address, {**answers(display_name="Ana"), "id": other.pk, "pk": other.pk, "person": other.pk})
    other.refresh_from_db()
    assert other.display_name == "Other"


def test_a_forged_form_of_another_site_changes_nothing(person: User) -> None:
    client = sign_in(Client(enforce_csrf_checks=True), person, factor=False)
    before = known(person)
    assert client.post(PROFILE, answers(display_name="Forged")).status_code == 403
    assert known(person) == before


def test_posting_twice_is_as_posting_once(client: Client, person: User) -> None:
    sign_in(client, person, factor=False)
    assert [client.post(PROFILE, answers(role="Mayor")).status_code for _ in range(2)] == [303, 303]
    assert known(person)["role"] == "Mayor"


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_asked_to_sign_in(client: Client, method: str) -> None:
    answer = getattr(client, method)("/fr/account/profile/")
    assert (answer.status_code, answer["Location"]) == (302, "/fr/account/login/?next=/fr/account/profile/")


def test_no_cache_may_keep_the_page(client: Client, person: User) -> None:
    sign_in(client, person, factor=False)
    assert client.get(PROFILE)["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert client.put(PROFILE).status_code == 405


def test_the_page_asks_the_database_little(
    client: Client, person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sign_in(client, person, factor=False)
    client.get(PROFILE)
    # The person, their rights and their groups' (for the user bar), sections, kinds of organisation, site texts.
    with django_assert_num_queries(5):
        client.get(PROFILE)
    # The person, then savepoint, update and the admin's copy of language and zone; the message goes into a cookie.
    with django_assert_num_queries(5):
        client.post(PROFILE, answers())
