"""In which language whoever was invited meets their door, and what is kept of it."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from learning.models import Enrolment
from learning.services import confirm_details, join
from tests.factories import accounts
from tests.learning import teamwork

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def enrolment(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[Enrolment]:
    """Ana, invited in English by a coordinator who reads English."""
    with made_once():
        yield teamwork.invited(teamwork.a_team())


def door(enrolment: Enrolment) -> str:
    return f"/learn/{enrolment.token}/"


def met(answer) -> tuple[str, str, str]:
    """Return the language and the direction of a page, as its header and its first tag say them."""
    language, direction = re.search(r'<html lang="(\w+)" dir="(\w+)"', answer.content.decode()).groups()
    return answer["Content-Language"], language, direction


def speaks(language: str) -> tuple[str, str, str]:
    """Return what a page in the language says of itself."""
    return language, language, "rtl" if language == "ar" else "ltr"


@pytest.mark.parametrize(
    ("accepted", "cookie", "expected"),
    [
        ("ar-MA,ar;q=0.9,en;q=0.8", "", "ar"),
        ("de,fr;q=0.5", "", "fr"),
        ("fr", "pt", "pt"),
        ("fr", "xx", "fr"),
        ("de", "", "es"),
        ("*", "", "es"),
        ("", "", "es"),
    ],
)
def test_the_door_speaks_what_the_browser_prefers_and_else_the_invitations_language(
    enrolment, accepted, cookie, expected
):
    Enrolment.objects.update(language="es")
    browser = Client(headers={"accept-language": accepted})
    if cookie:
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    assert met(browser.get(door(enrolment))) == speaks(expected)
    assert Enrolment.objects.get().language == "es"


def test_the_door_offers_the_invitations_language_and_keeps_to_it_through_its_pages(enrolment):
    browser = Client(headers={"accept-language": "ar"})
    page = browser.get(door(enrolment))
    assert '<a href="?language=en" lang="en" dir="ltr" hreflang="en">English</a>' in page.content.decode()
    english = browser.get(f"{door(enrolment)}?language=en")
    said = english.content.decode()
    assert met(english) == speaks("en")
    assert '<a href="?language=ar" lang="ar" dir="rtl" hreflang="ar">العربيّة</a>' in said
    assert f'href="{door(enrolment)}decline/?language=en"' in said
    declining = browser.get(f"{door(enrolment)}decline/?language=en")
    leads_back = f'href="{door(enrolment)}?language=en"' in declining.content.decode()
    assert (met(declining), leads_back) == (speaks("en"), True)
    assert met(browser.get(f"{door(enrolment)}?language=xx")) == speaks("ar")
    assert "?language=" not in Client().get(door(enrolment)).content.decode()


def test_whoever_joins_in_arabic_goes_on_in_arabic_and_confirms_it(enrolment):
    browser = Client(headers={"accept-language": "ar"})
    course = f"/ar/my/learning/{enrolment.cohort.slug}/"
    assert browser.post(door(enrolment))["Location"] == course
    assert User.objects.get(email=enrolment.email).language == "ar"
    assert Enrolment.objects.get().language == "en"
    asked = browser.get(f"{course}about-me/").content.decode()
    assert re.findall(r'<option value="(\w+)"[^>]* selected', asked) == ["ar"]
    told = {"name": "Ana Silva", "department": "", "language": "pt"}
    assert browser.post(f"{course}about-me/", told)["Location"] == f"/pt/my/learning/{enrolment.cohort.slug}/"
    # What they have confirmed is theirs, whatever page they read.
    asked = browser.get(f"{course}about-me/").content.decode()
    assert re.findall(r'<option value="(\w+)"[^>]* selected', asked) == ["pt"]


def test_a_language_that_was_confirmed_is_the_doors_whatever_the_browser_says(enrolment):
    join(enrolment_id=enrolment.pk)
    confirm_details(enrolment_id=enrolment.pk, name="Ana", language="pt")
    assert met(Client(headers={"accept-language": "ar"}).get(door(enrolment))) == speaks("pt")


def test_somebody_signed_in_meets_the_language_of_their_account(enrolment):
    person = accounts.PersonFactory(email=enrolment.email, language="fr")
    page = teamwork.client_of(person).get(door(enrolment), headers={"accept-language": "ar"})
    assert met(page) == speaks("fr")
