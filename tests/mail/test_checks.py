"""System checks of the outbox: settings and databases under which its promise would not hold are refused."""

import pytest
from django.db import connection

from mail.checks import check_durability, check_times


def found(check, **given: object) -> list[str]:
    return [error.id for error in check(**given)]


@pytest.mark.parametrize(("handover", "expected"), [(119, []), (120, ["mail.E001"]), (121, ["mail.E001"])])
def test_a_hand_over_as_long_as_the_lease_is_refused(settings, handover: int, expected: list[str]) -> None:
    settings.MAIL_LEASE_SECONDS, settings.MAIL_HANDOVER_SECONDS = 120, handover
    settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = handover + 15
    assert found(check_times) == expected


@pytest.mark.parametrize(("shutdown", "expected"), [(61, []), (60, ["mail.E004"]), (15, ["mail.E004"])])
def test_a_worker_that_would_be_killed_in_mid_hand_over_is_refused(
    settings, shutdown: int, expected: list[str]
) -> None:
    settings.MAIL_HANDOVER_SECONDS, settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60, shutdown
    assert found(check_times) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MAIL_REPLY_TO", "", []),
        ("MAIL_REPLY_TO", "Team <team@gkec.example>", []),
        ("MAIL_REPLY_TO", "the team", ["mail.E002"]),
        ("MAIL_SENDERS", {"bulk": "news"}, ["mail.E002"]),
        ("MAIL_REPLY_TOS", {"bulk": "news@"}, ["mail.E002"]),
        ("DEFAULT_FROM_EMAIL", "", ["mail.E002"]),
    ],
)
def test_senders_that_are_no_addresses_are_refused(settings, name: str, value: object, expected: list[str]) -> None:
    setattr(settings, name, value)
    assert found(check_times) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(("value", "expected"), [("on", []), ("local", []), ("off", ["mail.E003"])])
def test_a_database_that_forgets_what_it_committed_is_refused(value: str, expected: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL synchronous_commit = {value}")
    assert found(check_durability, databases=["default"]) == expected
    # Without a word about databases none is asked: most commands run the other checks alone.
    assert found(check_durability) == []
