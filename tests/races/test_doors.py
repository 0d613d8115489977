"""A mailed link pressed twice at once, to join and to decline; with a control in which the answer is looked at too soon."""

import pytest
from django.test import Client

from learning.enums import LIVE_STATES
from learning.models import Enrolment
from learning.views import door
from tests.factories import learning as make
from tests.races.meeting import Later, meet_before

pytestmark = pytest.mark.django_db(transaction=True)


def joined_while_declining(at_once, monkeypatch) -> tuple[list[int], str]:
    """Join while a forwarded link's reader is about to decline; return both answers and how the enrolment stands."""
    meet_before(monkeypatch, door, "withdraw_enrolment")
    enrolment = make.invited(make.cohort(), "Ana")
    address = f"/learn/{enrolment.token}/"

    def press(where: str) -> int:
        return Client(raise_request_exception=False).post(where).status_code

    answers = at_once([lambda: press(f"{address}decline/"), Later(lambda: press(address))])
    return answers, Enrolment.objects.get(pk=enrolment.pk).state


def test_who_has_joined_meanwhile_is_not_taken_out_by_declining(at_once, monkeypatch):
    assert joined_while_declining(at_once, monkeypatch) == ([409, 303], "active")


def test_control_looked_at_before_the_lock_a_link_alone_ends_what_was_joined(at_once, monkeypatch):
    does = door.withdraw_enrolment
    monkeypatch.setattr(door, "withdraw_enrolment", lambda **said: does(**{**said, "among": LIVE_STATES}))
    assert joined_while_declining(at_once, monkeypatch) == ([303, 303], "withdrawn")
