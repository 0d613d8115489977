"""An address on the suppression list gets no mail that its reason stops."""

from datetime import timedelta

import pytest

from core import clock
from mail.enums import SuppressionReason
from mail.models import Suppression
from mail.services import suppress, suppressed, unsuppress
from tests.factories.mail import ask, deliver_all
from tests.services.mailserver import MailServer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("bounced", {"transactional", "bulk"}),
        ("staff", {"transactional", "bulk"}),
        ("complained", {"bulk"}),
        ("asked", {"bulk"}),
    ],
)
def test_a_reason_stops_the_streams_it_is_about(mail_server: MailServer, reason: str, stopped: set[str]) -> None:
    suppress(address="Ana@City.example", reason=SuppressionReason(reason))
    for stream in ("transactional", "bulk"):
        message, other = ask(to="ana@city.example", stream=stream), ask(stream=stream)
        deliver_all(stream)
        message.refresh_from_db()
        other.refresh_from_db()
        expected = ("suppressed", "suppressed", 0) if stream in stopped else ("accepted", "", 1)
        assert (message.state, message.reason, message.attempts) == expected
        assert other.state == "accepted"


def test_an_entry_expires_and_can_be_taken_back() -> None:
    addresses = ["ana@city.example", "bo@city.example"]
    suppress(address="ana@city.example", reason=SuppressionReason.BOUNCED, until=clock.now() + timedelta(seconds=60))
    suppress(address="bo@city.example", reason=SuppressionReason.BOUNCED, until=clock.now())
    assert suppressed(addresses=addresses, stream="bulk") == {"ana@city.example"}
    assert unsuppress(address="ANA@city.example") is True
    assert unsuppress(address="ana@city.example") is False
    assert suppressed(addresses=addresses, stream="bulk") == set()


def test_an_address_stays_suppressed_by_its_hash_after_erasure() -> None:
    entry = suppress(address="ana@city.example", reason=SuppressionReason.ASKED)
    Suppression.objects.filter(pk=entry.pk).update(address="")
    assert suppressed(addresses=["ana@city.example"], stream="bulk") == {"ana@city.example"}
    again = suppress(address="ana@city.example", reason=SuppressionReason.BOUNCED)
    assert (again.pk, again.reason, Suppression.objects.count()) == (entry.pk, "bounced", 1)


def test_the_list_is_asked_once_for_a_whole_batch(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        suppressed(addresses=[f"p{n}@city.example" for n in range(200)], stream="bulk")
