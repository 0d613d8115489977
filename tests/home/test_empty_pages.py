"""Pages with nothing to show: what is missing is a heading where no other stands above it, and none where one does."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from tests.factories import accounts
from tests.factories import learning as make

pytestmark = pytest.mark.django_db

NO_CITY = "You do not represent a city yet"


@pytest.fixture
def somebody(client: Client) -> Client:
    """Return the browser of somebody with nothing of their own."""
    return accounts.sign_in(client, accounts.PersonFactory(), factor=False)


def outline(client: Client, address: str) -> list[tuple[str, str]]:
    """Return level and words of the headings in the main part of a page."""
    html = client.get(address).content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    found = re.findall(r"<h([1-6])\b.*?>(.*?)</h\1>", main, re.DOTALL)
    return [(level, " ".join(strip_tags(words).split())) for level, words in found]


@pytest.mark.parametrize(
    ("page", "title", "missing"),
    [
        ("cohorts", "Open cohorts", "No cohort is open at the moment"),
        ("my_learning", "My learning", "You take part in no cohort yet"),
        ("mfa_list_webauthn", "Passkeys and security keys", "You have no key yet"),
    ],
)
def test_what_a_page_lacks_is_the_heading_below_its_title(somebody, page, title, missing):
    with translation.override("en"):
        address = reverse(page)
    assert outline(somebody, address) == [("1", title), ("2", missing)]


def test_whoever_enrols_for_no_city_reads_so_in_a_heading(somebody):
    address = f"/en/learning/cohorts/{make.public_cohort().slug}/team/"
    assert outline(somebody, address) == [("1", "Enrol a team"), ("2", NO_CITY)]


def test_what_a_section_lacks_is_no_heading_beside_that_of_the_section(somebody):
    assert outline(somebody, "/en/my/") == [
        ("1", "My GKEC"),
        ("2", "My registrations"),
        ("2", "My learning"),
        ("2", "My cities"),
        ("2", "My account"),
    ]
