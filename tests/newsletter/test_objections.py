"""What a provider tells of a reader who objects: the subscription ends, and a yes that comes later is heard."""

import pytest

from accounts.models import ConsentRecord
from mail.enums import ReportKind, SuppressionReason
from mail.models import Suppression, SuppressionChange
from mail.services import report, suppress
from newsletter.models import Subscriber
from newsletter.services import confirm
from tests.factories import newsletter as make
from tests.newsletter.test_subscribing import asks

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"


def told(what: ReportKind, address: str = "ANA@City.example") -> None:
    report(what=what, address=address, message_id="m1@city.example", event_id="1", words="")


def reasons() -> list[str]:
    return sorted(Suppression.objects.values_list("reason", flat=True))


@pytest.mark.parametrize(
    ("what", "why", "reason"),
    [
        (ReportKind.COMPLAINED, "complaint", "complained"),
        (ReportKind.UNSUBSCRIBED, "one-click", "asked"),
    ],
)
def test_who_objects_at_the_provider_leaves_and_a_later_yes_lets_mail_flow_again(what, why, reason):
    make.subscriber(EMAIL, language="fr")
    other = make.subscriber("other@city.example")
    told(what)
    found = Subscriber.objects.get(email=EMAIL)
    assert (found.state, found.left_why, reasons()) == ("left", why, [reason])
    assert list(ConsentRecord.objects.values_list("given", "language", "channel")) == [(False, "fr", "provider")]
    other.refresh_from_db()
    assert other.is_confirmed
    asks(EMAIL)
    assert reasons() == [reason]
    confirm(subscriber_id=found.pk)
    assert (Subscriber.objects.get(email=EMAIL).state, reasons()) == ("confirmed", [])
    assert SuppressionChange.objects.order_by("-pk")[0].note == "Subscribed to the newsletter and confirmed it since."


@pytest.mark.parametrize("what", [ReportKind.BOUNCED, ReportKind.REJECTED])
def test_what_is_no_objection_ends_no_subscription(what):
    make.subscriber(EMAIL)
    told(what)
    assert Subscriber.objects.get().is_confirmed


def test_confirming_takes_away_neither_a_bounce_nor_what_staff_decided_nor_anybody_elses():
    for reason in SuppressionReason:
        suppress(address=EMAIL, reason=reason)
    suppress(address="other@city.example", reason=SuppressionReason.COMPLAINED)
    asks(EMAIL)
    confirm(subscriber_id=Subscriber.objects.get().pk)
    assert reasons() == ["bounced", "complained", "staff"]


def test_an_objection_of_somebody_who_is_no_reader_changes_nothing_but_the_list():
    told(ReportKind.COMPLAINED)
    assert (Subscriber.objects.count(), ConsentRecord.objects.count(), reasons()) == (0, 0, ["complained"])
