"""New links asked for by many at once; with a control that takes the lock away and must go wrong."""

import pytest

from events.models import Event, Registration
from events.services import notices, renew_links, seats
from mail.models import Message
from tests.factories import events as make
from tests.races.meeting import meet_before

pytestmark = pytest.mark.django_db(transaction=True)


def pressed_by_four(at_once, monkeypatch) -> tuple[int, int, int]:
    """Press one button four times at once; return the version, the steps of the history, the mails."""
    meet_before(monkeypatch, notices, "say_links")
    registration = make.registered(make.bare_event(), "Ana")
    at_once([lambda: renew_links(registration_id=registration.pk, version=0)] * 4)
    steps = registration.changes.filter(what="links").count()
    mails = Message.objects.filter(kind="event-links").count()
    return Registration.objects.get().token_version, steps, mails


def test_a_button_pressed_four_times_at_once_renews_once(at_once, monkeypatch):
    assert pressed_by_four(at_once, monkeypatch) == (1, 1, 1)


def test_control_without_the_lock_the_history_says_so_four_times(at_once, monkeypatch):
    monkeypatch.setattr(seats, "lock", lambda event_id: Event.objects.get(pk=event_id))
    assert pressed_by_four(at_once, monkeypatch) == (1, 4, 1)
