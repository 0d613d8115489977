"""Guessing the passwords of private pages and documents ends at a limit, from one network and from many."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from wagtail.documents.models import Document
from wagtail.models import CollectionViewRestriction, PageViewRestriction

from core import limits
from core.views import passwords
from tests.factories import core as make

pytestmark = pytest.mark.django_db

RIGHT = "twelve green trams"


@pytest.fixture
def doors() -> dict[str, str]:
    """Return the addresses that take the passwords of a private page and of a private document."""
    page = make.child(make.site_root(), "private")
    of_page = PageViewRestriction.objects.create(page=page, restriction_type="password", password=RIGHT)
    document = Document.objects.create(title="Plan", file=ContentFile(b"Plan", "plan.txt"))
    of_files = CollectionViewRestriction.objects.create(
        collection=document.collection, restriction_type="password", password=RIGHT
    )
    return {
        "page": f"/en/_util/authenticate_with_password/{of_page.pk}/{page.pk}/",
        "document": f"/documents/authenticate_with_password/{of_files.pk}/",
    }


def guess(address: str, password: str, network: str = "192.0.2.1") -> tuple[int, str | None]:
    """Try a password; returns the status and where it leads or how long to wait."""
    said = {"password": password, "return_url": "/en/"}
    answer = Client(REMOTE_ADDR=network).post(address, said)
    return answer.status_code, answer.get("Location") or answer.get("Retry-After")


@pytest.mark.parametrize("what", ["page", "document"])
def test_guessing_from_one_network_ends_even_for_the_right_password(doors, monkeypatch, what):
    monkeypatch.setattr(passwords, "PER_NETWORK", limits.Limit("password-network", 2, 3600))
    assert [guess(doors[what], word) for word in ("one", "two", RIGHT)] == [(200, None), (200, None), (429, "3600")]
    assert guess(doors[what], RIGHT, "192.0.2.2") == (302, "/en/")


@pytest.mark.parametrize("what", ["page", "document"])
def test_guessing_one_password_from_many_networks_ends_too(doors, monkeypatch, what):
    monkeypatch.setattr(passwords, "PER_PASSWORD", limits.Limit("password", 2, 3600))
    tries = [guess(doors[what], "wrong", f"192.0.2.{number}") for number in range(3)]
    assert tries == [(200, None), (200, None), (429, "3600")]
    other = "document" if what == "page" else "page"
    assert guess(doors[other], RIGHT) == (302, "/en/")


def test_looking_at_the_form_is_no_try(doors, monkeypatch):
    monkeypatch.setattr(passwords, "PER_NETWORK", limits.Limit("password-network", 1, 3600))
    seen = [Client(REMOTE_ADDR="192.0.2.1").get(doors["page"]).status_code for _ in range(3)]
    assert (seen, guess(doors["page"], RIGHT)) == ([200] * 3, (302, "/en/"))


def test_the_limits_that_the_site_runs_with():
    assert (passwords.PER_NETWORK.number, passwords.PER_PASSWORD.number) == (60, 600)
