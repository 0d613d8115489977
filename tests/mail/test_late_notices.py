"""What a provider tells late undoes nothing that was decided since."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from mail.enums import SuppressionReason
from mail.models import Suppression
from mail.services import suppress, take_off
from tests.factories.notices import SECRET, notice

pytestmark = pytest.mark.django_db

ADDRESS = "ana@city.example"


@pytest.fixture
def hook(client, settings, time_machine) -> Client:
    """Return a client that tells what a provider noticed; it is ten o'clock."""
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    time_machine.move_to(at(10), tick=False)
    return client


def at(hour: int) -> datetime:
    return datetime(2026, 11, 22, hour, tzinfo=UTC)


def tells(hook: Client, event: str, hour: int | None) -> None:
    told_at = {} if hour is None else {"ts_epoch": int(at(hour).timestamp() * 1000)}
    assert notice(hook, event=event, **told_at) == 200


def taken_off(reason: SuppressionReason, time_machine, hour: int) -> None:
    entry = suppress(address=ADDRESS, reason=reason)
    time_machine.move_to(at(hour), tick=False)
    assert take_off(suppression_id=entry.pk, note="It works again.")
    time_machine.move_to(at(10), tick=False)


@pytest.mark.parametrize("hour", [8, 9, None, 12])
@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("hard_bounce", SuppressionReason.BOUNCED),
        ("spam", SuppressionReason.COMPLAINED),
        ("unsubscribe", SuppressionReason.ASKED),
    ],
)
def test_only_what_happened_after_an_address_was_taken_off_the_list_brings_it_back(
    hook, time_machine, event, reason, hour
) -> None:
    time_machine.move_to(at(7), tick=False)
    # 09:00 told by a clock that may be a minute behind is not older than 09:00 by ours.
    taken_off(reason, time_machine, 9)
    for _n in range(2):
        tells(hook, event, hour)
    assert list(Suppression.objects.values_list("reason", flat=True)) == ([] if hour == 8 else [reason])


def test_another_reason_and_another_address_are_not_taken_for_the_one_that_was_lifted(hook, time_machine) -> None:
    taken_off(SuppressionReason.COMPLAINED, time_machine, 9)
    tells(hook, "hard_bounce", 8)
    assert notice(hook, event="spam", email="bo@city.example", ts_epoch=int(at(8).timestamp() * 1000)) == 200
    assert sorted(Suppression.objects.values_list("reason", flat=True)) == ["bounced", "complained"]


def test_an_entry_put_back_since_is_renewed_by_a_late_notice(hook, time_machine) -> None:
    taken_off(SuppressionReason.BOUNCED, time_machine, 9)
    entry = suppress(address=ADDRESS, reason=SuppressionReason.BOUNCED)
    tells(hook, "hard_bounce", 8)
    assert list(Suppression.objects.values_list("pk", "expires_at")) == [(entry.pk, None)]
