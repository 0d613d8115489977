"""A bounce that a provider tells late, in the moment in which staff take the address off the suppression list."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction

from core import clock
from core.personal import Subject
from mail.addresses import fingerprint
from mail.enums import ReportKind, SuppressionReason, SuppressionStep
from mail.models import Suppression, SuppressionChange
from mail.services import erasing, report, suppress, suppressing, take_off
from tests.factories.mail import ask
from tests.races.meeting import Later, meet, meet_after

pytestmark = pytest.mark.django_db(transaction=True)
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


def erased_and_told_at_once(at_once, monkeypatch) -> list:
    """Erase somebody whose address is on the list while a notice about a mail that we no longer know arrives."""
    ask(to=ADDRESS)
    suppress(address=ADDRESS, reason=SuppressionReason.BOUNCED)
    subject = Subject(None, (ADDRESS,))

    def erase() -> int:
        with transaction.atomic():
            erased = erasing.erase_messages(subject=subject)
            meet()
            erasing.erase_suppressions(subject=subject)
        return erased

    told = {"what": ReportKind.BOUNCED, "address": ADDRESS, "message_id": "", "event_id": "", "words": ""}
    return at_once([erase, Later(lambda: report(**told, at=clock.now() - timedelta(hours=1)))])


def test_an_erasure_and_a_late_notice_wait_for_each_other_in_one_order(at_once, monkeypatch) -> None:
    assert erased_and_told_at_once(at_once, monkeypatch) == [1, True]
    assert Suppression.objects.get().address == ""


def test_control_a_notice_that_looks_at_the_list_first_is_in_the_erasure_s_way(at_once, monkeypatch) -> None:
    def looks_at_the_list_first(*, address: str, **given) -> None:
        Suppression.objects.select_for_update().filter(address_hash=fingerprint(address)).first()
        reported(address=address, **given)

    reported = suppressing.suppress_reported
    monkeypatch.setattr(suppressing, "suppress_reported", transaction.atomic(looks_at_the_list_first))
    answers = erased_and_told_at_once(at_once, monkeypatch)
    assert [type(one) for one in answers if isinstance(one, Exception)] == [OperationalError]
