"""The consent log: what it holds, that nothing in it changes, and what erasing a person leaves."""

import hashlib

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from accounts.errors import UnknownAddressee
from accounts.models import ConsentRecord, User
from accounts.services import Wording, record_consent
from core import clock
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db

WORDING = Wording("Écrivez-moi chaque mois.", version="2026-11", language="fr")


def agree(**changes) -> ConsentRecord:
    """Record that a guest agreed to the newsletter, but for what is given."""
    given = {"purpose": "newsletter", "wording": WORDING, "channel": "/fr/news/", "email": "Guest@City.Example"}
    return record_consent(**{**given, **changes})


def test_a_decision_is_written_down_whole() -> None:
    before = clock.now()
    record = agree()
    record.refresh_from_db()
    assert record.person is None
    assert (record.purpose, record.given, record.channel) == ("newsletter", True, "/fr/news/")
    assert (record.wording, record.wording_version, record.language) == ("Écrivez-moi chaque mois.", "2026-11", "fr")
    assert record.wording_hash == hashlib.sha256("Écrivez-moi chaque mois.".encode()).hexdigest()
    assert before <= record.recorded_at <= clock.now()


def test_the_address_itself_is_not_in_the_row() -> None:
    agree()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM accounts_consentrecord c")
        [(row,)] = cursor.fetchall()
    assert "guest" not in row.lower()
    # Nor can it be guessed by hashing candidates: the hash is keyed.
    assert hashlib.sha256(b"guest@city.example").hexdigest() not in row


def test_the_last_decision_stands_for_an_address_in_any_case() -> None:
    log = ConsentRecord.objects
    assert not log.about("guest@city.example").for_purpose("newsletter").stands()
    agree()
    assert log.about("GUEST@city.example").for_purpose("newsletter").stands()
    assert not log.about("guest@city.example").for_purpose("reminders").stands()
    assert not log.about("other@city.example").for_purpose("newsletter").stands()
    agree(given=False)
    assert not log.about("guest@city.example").for_purpose("newsletter").stands()
    agree()
    assert log.about("guest@city.example").for_purpose("newsletter").stands()
    assert log.count() == 3


def test_a_new_secret_key_does_not_hide_old_decisions(settings) -> None:
    agree()
    with override_settings(SECRET_KEY="n" * 64, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert ConsentRecord.objects.about("guest@city.example").for_purpose("newsletter").stands()
    with override_settings(SECRET_KEY="n" * 64):
        assert not ConsentRecord.objects.about("guest@city.example").exists()


def test_a_persons_own_address_is_used() -> None:
    person = PersonFactory(email="ana@city.example")
    record = agree(person=person, email="")
    assert record.person == person
    assert ConsentRecord.objects.about("ana@city.example").get() == record


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"email": ""}, UnknownAddressee),
        ({"purpose": "not a slug"}, ValidationError),
        ({"purpose": ""}, ValidationError),
        ({"wording": Wording("", version="1", language="fr")}, ValidationError),
        ({"wording": Wording("Yes", version="", language="fr")}, ValidationError),
        ({"wording": Wording("Yes", version="1", language="")}, ValidationError),
    ],
)
def test_half_a_decision_is_refused(changes: dict, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        agree(**changes)
    assert not ConsentRecord.objects.exists()


FORBIDDEN = [
    "UPDATE accounts_consentrecord SET given = NOT given",
    "UPDATE accounts_consentrecord SET wording = 'something else'",
    "UPDATE accounts_consentrecord SET recorded_at = now() - interval '1 year'",
    "UPDATE accounts_consentrecord SET email_hash = repeat('0', 64)",
    "UPDATE accounts_consentrecord SET person_id = (SELECT max(id) FROM accounts_user)",
    "UPDATE accounts_consentrecord SET person_id = NULL, given = NOT given",
    "DELETE FROM accounts_consentrecord",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_tampering_with_the_log_is_refused_by_the_database(statement: str) -> None:
    record = agree(person=PersonFactory(), email="")
    PersonFactory()
    before = ConsentRecord.objects.values().get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert ConsentRecord.objects.values().get() == before
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        record.delete()
    record.given = False
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        record.save()


def test_erasing_a_person_keeps_the_decision_and_forgets_who_took_it() -> None:
    person = PersonFactory(email="ana@city.example")
    agree(person=person, email="")
    before = ConsentRecord.objects.values().get()
    person.delete()
    assert not User.objects.exists()
    assert ConsentRecord.objects.values().get() == {**before, "person_id": None}
    assert ConsentRecord.objects.about("ana@city.example").for_purpose("newsletter").stands()


def test_a_record_that_never_knew_the_person_can_forget_nothing_more() -> None:
    agree()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_consentrecord SET person_id = NULL")
    assert ConsentRecord.objects.get().given
