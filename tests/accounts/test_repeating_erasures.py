"""Whoever was erased after a backup is erased again after its restore, from notes that name nobody."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts import erasures, services
from accounts.enums import Channel, Ground
from accounts.models import DataRequest, User
from accounts.services.repeating import Repeated
from accounts.tasks import tidy
from core import clock
from core.personal import Subject
from events.models import Registration
from newsletter.models import Subscriber
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.newsletter import subscriber

pytestmark = pytest.mark.django_db
MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
NOWHERE = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/proc/nowhere"}}


@pytest.fixture(autouse=True)
def notes(settings: Any) -> None:
    """A place for notes with nothing in it."""
    settings.STORAGES = {**settings.STORAGES, "erasures": MEMORY}


@pytest.fixture
def ana() -> User:
    person = PersonFactory(email="ana@city.example", display_name="Ana Lima")
    make.registered(make.bare_event("Heat pumps"), "Ana Lima", email="ana@city.example", person=person)
    return person


def written() -> list[bytes]:
    place = storages[erasures.STORAGE]
    return [place.open(name).read() for name in place.listdir("")[1]]


def note(subject: Subject, **ago: int) -> None:
    """Note an erasure as the lost site did; the database knows nothing of it."""
    at = clock.now() - timedelta(**(ago or {"hours": 1}))
    erasures.write(at=at, channel=Channel.SELF, ground=Ground.CONSENT, subject=subject)


def emails() -> list[str]:
    return sorted(Registration.objects.filter(erased_at=None).values_list("email", flat=True))


# Noting ------------------------------------------------------------------------------------------------


def test_each_erasure_leaves_one_note_that_names_nobody(ana):
    done = services.erase(subject=services.subject_of(ana), channel=Channel.SELF)
    [content] = written()
    assert erasures.Note.from_json(content).at == done.at
    for told in ("ana", "city.example", "Lima", f" {ana.pk}"):
        assert told not in content.decode()


def test_what_cannot_be_noted_is_not_erased(ana, settings):
    settings.STORAGES = {**settings.STORAGES, "erasures": NOWHERE}
    with pytest.raises(OSError, match="/proc/nowhere"):
        services.erase(subject=services.subject_of(ana), channel=Channel.SELF)
    assert (User.objects.filter(pk=ana.pk).count(), emails()) == (1, ["ana@city.example"])
    assert DataRequest.objects.count() == 0


def test_an_erasure_that_is_refused_leaves_no_note():
    with pytest.raises(services.rights.NobodyFound):
        services.erase(subject=Subject(None, ("nobody@city.example",)), channel=Channel.LINK)
    assert written() == []


def test_notes_go_with_the_oldest_backup(settings):
    note(Subject(None, ("old@city.example",)), days=settings.RETENTION_BACKUP_DAYS, minutes=1)
    note(Subject(None, ("new@city.example",)), days=settings.RETENTION_BACKUP_DAYS - 1)
    tidy()
    [content] = written()
    assert erasures.of_address("new@city.example") in content.decode()


# Repeating ---------------------------------------------------------------------------------------------


def test_an_account_with_all_that_is_about_it_goes_again_and_the_log_has_its_first_date(ana):
    bo = PersonFactory(email="bo@city.example")
    make.registered(make.bare_event("Bus lanes"), "Ana as a guest", email="Ana@City.example")
    make.registered(make.bare_event("Trees"), "Bo", email="bo@city.example", person=bo)
    note(services.subject_of(ana))
    assert services.repeat_erasures() == Repeated(erased=1)
    assert (list(User.objects.all()), emails()) == ([bo], ["bo@city.example"])
    [entry] = DataRequest.objects.all()
    assert (entry.channel, entry.ground, entry.by) == ("self", "consent", None)
    assert erasures.Note.from_json(written()[0]).at == entry.at


@pytest.mark.parametrize("kept_as", ["ana@münchen.example", "ANA@xn--mnchen-3ya.EXAMPLE"])
def test_a_guest_is_known_however_the_address_is_written(kept_as):
    make.registered(make.bare_event("Heat pumps"), "Ana", email=kept_as)
    subscriber(email="ana@münchen.example")
    note(Subject(None, ("Ana@München.example",)))
    assert services.repeat_erasures() == Repeated(erased=1)
    assert (emails(), Subscriber.objects.count()) == ([], 0)


def test_who_came_back_after_the_erasure_is_left_alone_by_a_second_run(ana):
    note(services.subject_of(ana))
    services.repeat_erasures()
    make.registered(make.bare_event("Bus lanes"), "Ana", email="ana@city.example")
    assert services.repeat_erasures() == Repeated()
    assert emails() == ["ana@city.example"]


def test_an_erasure_made_before_the_backup_is_not_repeated(ana):
    services.erase(subject=services.subject_of(ana), channel=Channel.SELF)
    make.registered(make.bare_event("Bus lanes"), "Ana", email="ana@city.example")
    assert services.repeat_erasures() == Repeated()
    assert emails() == ["ana@city.example"]


def test_one_of_whom_the_backup_knows_nothing_is_counted_and_settled():
    note(Subject(4711, ("later@city.example",)))
    assert services.repeat_erasures() == Repeated(absent=1)
    assert services.repeat_erasures() == Repeated()


def test_the_only_administrator_waits_for_another_one():
    only = PersonFactory(admin=True, email="admin@gkec.example")
    note(services.subject_of(only))
    done = services.repeat_erasures()
    assert done == Repeated(refused=1)
    assert done.in_words() == [
        "Erasures since the backup: 0 repeated, 0 with data in it.",
        "1 not repeated, since the only administrator is meant: make another one, then run `repeat_erasures`.",
    ]
    PersonFactory(admin=True)
    assert services.repeat_erasures() == Repeated(erased=1)
    assert not User.objects.filter(pk=only.pk).exists()


def test_a_note_under_another_key_is_told_and_repeated_once_that_key_is_known(ana, settings):
    note(services.subject_of(ana))
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-" * 8
    assert services.repeat_erasures() == Repeated(unreadable=1)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert services.repeat_erasures() == Repeated(erased=1)
    assert emails() == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"at": "x", "channel": "self", "ground": "asked"}'])
def test_a_file_that_is_no_note_is_told_and_stops_nothing(ana, content):
    storages[erasures.STORAGE].save("20260101.json", ContentFile(content))
    note(services.subject_of(ana))
    assert services.repeat_erasures() == Repeated(erased=1, unreadable=1)


def test_an_address_typed_in_by_the_erased_and_never_confirmed_takes_nothing_of_its_owner(ana):
    thief = PersonFactory(email="thief@city.example")
    EmailAddress.objects.create(user=thief, email="ana@city.example", verified=False)
    make.registered(make.bare_event("Bus lanes"), "Ana as a guest", email="ana@city.example")
    note(services.subject_of(thief))
    assert services.repeat_erasures() == Repeated(erased=1)
    assert list(User.objects.all()) == [ana]
    assert emails() == ["ana@city.example", "ana@city.example"]
