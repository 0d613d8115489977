"""The staff's form of a city while something about it is decided and can still be taken back."""

import pytest
from django.test import Client
from django.urls import reverse

from municipalities import services
from municipalities.errors import DecidedAndHeld
from municipalities.models import HeldDecision, LocalGovernment
from tests.factories import municipalities as make
from tests.factories.accounts import editor, sign_in
from tests.municipalities.decisions import approve, merge, refuse, the_window_passes, with_team

pytestmark = pytest.mark.django_db

HELD = "Somebody has decided this just now and can still take it back. Take that back first."


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, editor())


def held_about(kind: str) -> LocalGovernment:
    """Return a proposed city, complete, about which something is held."""
    city, by = make.local_government(name="Ghent", standing="pending"), editor()
    asked = with_team("Bo", local_government=city)
    make.coordinator(state="asked", local_government=city)
    listed = make.local_government()
    for _each in range(2):
        make.coordinator(local_government=listed)
    if kind == "approve":
        approve(asked, by)
    elif kind == "refuse":
        refuse(city, by)
    else:
        merge(city, listed, by)
    assert HeldDecision.objects.get().kind == kind
    return city


def save(city: LocalGovernment, **fields: str) -> None:
    given = LocalGovernment.objects.get(pk=city.pk)
    for name, value in fields.items():
        setattr(given, name, value)
    services.save_local_government(local_government=given, seen="pending")


@pytest.mark.parametrize(
    ("kind", "standing"),
    [("refuse", "active"), ("refuse", "retired"), ("merge", "active"), ("merge", "retired"), ("approve", "retired")],
)
def test_the_standing_of_a_city_is_not_changed_against_what_is_held(kind, standing):
    city = held_about(kind)
    with pytest.raises(DecidedAndHeld):
        save(city, standing=standing)
    assert LocalGovernment.objects.get(pk=city.pk).standing == "pending"
    # What is in nobody's way is written, and what is held takes effect.
    save(city, name="Gent")
    assert len(the_window_passes()) == 1
    assert LocalGovernment.objects.get(pk=city.pk).name == "Gent"


def test_listing_a_city_is_in_no_approval_s_way():
    city = held_about("approve")
    save(city, standing="active")
    assert len(the_window_passes()) == 1


def test_the_form_says_beside_the_standing_what_has_to_be_taken_back_first(staff):
    city = held_about("refuse")
    address = reverse("local_governments:edit", args=[city.pk])
    fields = staff.get(address).context["form"]
    given = {one.html_name: "" if one.value() is None else one.value() for one in fields}
    given = {name: value for name, value in given.items() if value is not False}
    refused = staff.post(address, {**given, "name": "Gent", "standing": "active"})
    found = refused.context["form"]
    assert (refused.status_code, found.errors) == (409, {"standing": [HELD]})
    assert [found[name].value() for name in ("name", "standing", "opened")] == ["Gent", "active", "pending"]
    services.take_back_decision(decision_id=HeldDecision.objects.get().pk, by=editor())
    assert staff.post(address, {**given, "name": "Gent", "standing": "active"}).status_code == 302
    city.refresh_from_db()
    assert (city.name, city.standing) == ("Gent", "active")
