"""Two administrators give two people one address at once: one is saved, the other is told, and nothing is half done."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.http import HttpResponseBase
from django.test import Client

from accounts.admin.people import FillsInPerson
from accounts.errors import AddressTaken
from accounts.models import User
from accounts.services import people
from mail.models import Message
from tests.factories.accounts import PersonFactory, sign_in
from tests.races.meeting import meet_after

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "ana@city.example"
FIELDS = {"email": ADDRESS, "language": "en", "timezone": "UTC", "is_active": "on"}
NEW = "/admin/users/new/"


def administrator(name: str) -> Client:
    # Every client hears of an exception in any thread, and would raise it as its own.
    return sign_in(Client(raise_request_exception=False), PersonFactory(admin=True, email=f"{name}@gkec.example"))


def form(address: str, name: str) -> Callable[[], HttpResponseBase]:
    client = administrator(name)
    shown = client.get(address).context["form"].initial.get("opened", "")
    return lambda: client.post(address, {**FIELDS, "display_name": name, "opened": shown})


def made_at_once(at_once, monkeypatch) -> list:
    meet_after(monkeypatch, people, "is_taken")
    return at_once([form(NEW, "one"), form(NEW, "two")])


def changed_at_once(at_once, monkeypatch) -> tuple[list, list[User]]:
    changed = [PersonFactory(email=f"{name}@city.example", display_name="Before") for name in ("one", "two")]
    meet_after(monkeypatch, people, "is_taken")
    forms = [form(f"/admin/users/edit/{person.pk}/", person.email.split("@")[0]) for person in changed]
    return at_once(forms), changed


def refused_and_saved(answers: list[HttpResponseBase]) -> HttpResponseBase:
    [saved, refused] = sorted(answers, key=lambda answer: answer.status_code)
    assert (refused.status_code, saved.status_code) == (409, 302)
    assert str(AddressTaken.sentence) in refused.content.decode()
    return saved


def test_one_of_two_new_people_is_made_and_written_to(at_once, monkeypatch):
    refused_and_saved(made_at_once(at_once, monkeypatch))
    person = User.objects.get(email=ADDRESS)
    assert person.display_name in ("one", "two")
    assert EmailAddress.objects.filter(email=ADDRESS).count() == 1
    assert Message.objects.filter(to_address=ADDRESS).count() == 1


def test_one_of_two_people_gets_the_address_and_the_other_keeps_all_of_theirs(at_once, monkeypatch):
    answers, changed = changed_at_once(at_once, monkeypatch)
    refused_and_saved(answers)
    kept, given = sorted(User.objects.filter(pk__in=[one.pk for one in changed]), key=lambda one: one.email == ADDRESS)
    before = next(one for one in changed if one.pk == kept.pk)
    assert (kept.email, kept.display_name) == (before.email, "Before")
    assert (given.email, given.display_name != "Before") == (ADDRESS, True)
    assert [one.email for one in kept.emailaddress_set.all()] == [kept.email]
    assert [one.email for one in given.emailaddress_set.all()] == [ADDRESS]


def test_control_without_the_look_after_the_fact_staff_meet_an_error(at_once, monkeypatch):
    class Never(Exception):
        pass

    monkeypatch.setattr(FillsInPerson, "refusal", Never)
    answers, _changed = changed_at_once(at_once, monkeypatch)
    assert sorted(answer.status_code for answer in answers) == [302, 500]
