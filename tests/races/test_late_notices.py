"""A bounce that a provider tells late, in the moment in which staff take the address off the suppression list."""

from datetime import timedelta

import pytest

from core import clock
from mail.enums import ReportKind, SuppressionReason, SuppressionStep
from mail.models import Suppression, SuppressionChange
from mail.services import report, suppress, suppressing, take_off
from tests.races.meeting import Later, meet_after

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ADDRESS = "ana@city.example"


def is_listed_after_both(at_once, monkeypatch) -> bool:
    """Take an address off the list while a notice of an hour ago arrives; return whether it is on it afterwards."""
    entry = suppress(address=ADDRESS, reason=SuppressionReason.BOUNCED)
    meet_after(monkeypatch, suppressing, "_note")
    happened = clock.now() - timedelta(hours=1)
    told = {"what": ReportKind.BOUNCED, "address": ADDRESS, "message_id": "", "event_id": "", "words": ""}
    answers = at_once(
        [lambda: take_off(suppression_id=entry.pk, note="It works again."), Later(lambda: report(**told, at=happened))]
    )
    assert answers == [True, True]
    return Suppression.objects.exists()


def test_what_happened_before_does_not_come_back(at_once, monkeypatch) -> None:
    assert not is_listed_after_both(at_once, monkeypatch)


def test_control_without_the_wait_the_late_bounce_would_bring_it_back(at_once, monkeypatch) -> None:
    def looks_without_waiting(address_hash: str, reason: str, *, since) -> bool:
        return SuppressionChange.objects.filter(step=SuppressionStep.REMOVED, at__gt=since).exists()

    monkeypatch.setattr(suppressing, "_was_taken_off", looks_without_waiting)
    assert is_listed_after_both(at_once, monkeypatch)
