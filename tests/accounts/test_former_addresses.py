"""The suppression list's entries of addresses that an account had before: in its copy, and taken along by its erasure."""

import pytest

from accounts import services
from accounts.enums import Channel
from accounts.models import User
from core import personal
from mail.enums import SuppressionReason
from mail.models import Suppression, SuppressionChange
from mail.services import suppress, suppressed
from tests.factories.accounts import PersonFactory
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db
OLD = "ana@old.example"


@pytest.fixture
def ana() -> User:
    """Somebody to whom mail went under an earlier address, which came back."""
    person = PersonFactory(email="ana@city.example")
    ask(to="Ana@Old.example", person=person)
    suppress(address=OLD, reason=SuppressionReason.BOUNCED, note="550 no ana@old.example here")
    return person


def erase(person: User) -> dict[str, int]:
    return services.erase(subject=services.subject_of(person), channel=Channel.SELF).counts


def test_an_erasure_leaves_a_former_address_by_its_hash_alone(ana: User) -> None:
    assert erase(ana)["suppressions"] == 1
    assert list(Suppression.objects.values_list("address", "note")) == [("", "")]
    assert set(SuppressionChange.objects.values_list("note", flat=True)) == {""}
    assert suppressed(addresses=[OLD], stream="transactional") == {OLD}


def test_the_copy_tells_of_a_former_address_too(ana: User) -> None:
    rows = personal.get("suppressions").rows(services.subject_of(ana))
    assert [[value for name, _label, value, _words in row if name == "address"] for row in rows] == [[OLD]]


@pytest.mark.parametrize("whose", ["an account's", "an account's mail", "a guest's mail"])
def test_an_address_that_is_somebody_elses_too_cannot_be_read_or_erased_through_old_mail(ana: User, whose: str) -> None:
    if whose == "an account's":
        PersonFactory(email=OLD)
    else:
        ask(to=OLD, person=PersonFactory(email="bo@city.example") if "account" in whose else None)
    assert list(personal.get("suppressions").rows(services.subject_of(ana))) == []
    assert "suppressions" not in erase(ana)
    assert Suppression.objects.get().address == OLD


def test_finding_former_addresses_costs_the_same_with_one_and_with_three(ana: User, django_assert_num_queries) -> None:
    subject = services.subject_of(ana)
    for number in range(3):
        with django_assert_num_queries(4):
            assert personal.get("suppressions").find(subject).count() == number + 1
        ask(to=f"ana{number}@old.example", person=ana)
        suppress(address=f"ana{number}@old.example", reason=SuppressionReason.STAFF)
