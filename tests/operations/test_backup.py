"""A backup comes back whole: every row, every file, the schema; and nothing damaged or half comes back at all."""

import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client

from accounts.enums import Channel
from accounts.models import DataRequest, User
from accounts.services import erase, erase_address, subject_of
from core import backupfile, clock, pgtools, rowsums
from core.errors import BackupError, DamagedBackup, RestoreDiffers, RestoreRefused, ToolMissing
from core.services import backing_up, restoring
from core.services.backing_up import back_up
from core.services.restoring import restore
from events.enums import ReminderState
from events.models import Registration, Reminder
from mail.enums import State
from mail.models import Message
from tests.events.reminding import armed
from tests.factories import events as factories
from tests.factories.accounts import PersonFactory, sign_in
from tests.factories.mail import ask, deliver_all
from tests.operations.places import empty_database, hashes_of_all_rows, shape_of_the_schema
from tests.services.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
NAMES = ("images/plan.png", "documents/Übersicht 1.pdf", "documents/ميثاق.pdf", "original_images/empty.png")


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Media of this test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path) -> Callable[[], Any]:
    """`with elsewhere():` an empty database and an empty folder for the media."""

    def go() -> Any:
        settings.MEDIA_ROOT = tmp_path / "media-restored"
        return empty_database()

    return go


def fill() -> None:
    """Let people register, mails wait and files lie there."""
    start = factories.in_days(3)
    event = factories.event(capacity=2, starts_at=start, ends_at=start + timedelta(hours=1))
    for number, name in enumerate(("Ana Silva", "Łukasz Ünal", "سلمى حداد")):
        factories.registered(event, name, email=f"person{number}@city.example")
    ask(to="one@city.example", key="one")
    for number, name in enumerate(NAMES):
        default_storage.save(name, ContentFile(os.urandom(100_000 * number)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "backups" / "gkec.tar"


@pytest.fixture
def whole(kept: Path, settings: Any, tmp_path: Path, transactional_db: None) -> Path:
    """A backup of a filled site, made once, in the first test that asks: there the rows still stand."""
    if not kept.exists():
        settings.MEDIA_ROOT = kept.parents[1] / "media"
        fill()
        back_up(to=kept)
        settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "backups").mkdir()
    return shutil.copy2(kept, tmp_path / "backups" / "gkec.tar")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tampered(source: Path, change: Callable[[bytearray], None]) -> Path:
    content = bytearray(source.read_bytes())
    change(content)
    found = source.with_name("tampered.tar")
    found.write_bytes(content)
    return found


def test_a_drill_brings_back_every_row_of_one_moment_every_file_and_the_schema(
    elsewhere: Callable[[], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    before = (hashes_of_all_rows(), shape_of_the_schema(), files(tmp_path / "media"))
    write_between_dump_and_sums(monkeypatch)
    call_command("backup", str(tmp_path / "gkec.tar"))
    assert Message.objects.filter(key="meanwhile").exists()
    with elsewhere():
        call_command("restore", str(tmp_path / "gkec.tar"), "--moving")
        # Rows written while the backup is made are in the next one.
        assert not Message.objects.filter(key="meanwhile").exists()
        after = (hashes_of_all_rows(), shape_of_the_schema(), files(tmp_path / "media-restored"))
        # What has come back is a site: its sequences go on, its triggers and constraints hold.
        assert factories.registered(Registration.objects.first().event, "New Person").pk
    assert sorted(before[2]) == sorted(NAMES)
    assert len(before[0]) > 80
    for one, other in zip(before, after, strict=True):
        assert one == other
    said = capsys.readouterr().out
    assert "all equal to the backup's, and 4 media files." in said
    assert "SECRET_KEY" not in said
    assert "migrations" not in said


def test_the_file_is_its_owners_alone_and_holds_no_secret(whole: Path, kept: Path, settings: Any) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["gkec.tar"]
    with tarfile.open(whole) as tar:
        assert tar.getnames()[0] == "database.dump"
        assert tar.getnames()[-1] == "manifest.json"
        manifest = json.load(tar.extractfile("manifest.json"))
    assert sorted(manifest["parts"]) == sorted(["database.dump", *(f"media/{name}" for name in NAMES)])
    assert manifest["tables"]["public.events_registration"]["rows"] == 3
    assert settings.SECRET_KEY not in json.dumps(manifest)


def test_without_one_snapshot_the_restore_sees_that_rows_differ(
    elsewhere: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    write_between_dump_and_sums(monkeypatch)
    monkeypatch.setattr(backing_up, "ONE_MOMENT", "SELECT 1")
    back_up(to=tmp_path / "gkec.tar")
    with elsewhere(), pytest.raises(RestoreDiffers) as refused:
        restore(source=tmp_path / "gkec.tar", is_moving=True)
    assert refused.value.sentence == ("The restored rows are not those of the backup: look at public.mail_message.")


def write_between_dump_and_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody else commit a message after pg_dump has ended, before the rows are added up."""
    real = rowsums.of_all_tables

    def after_a_write() -> dict[str, rowsums.RowSum]:
        monkeypatch.setattr(rowsums, "of_all_tables", real)
        values = {k: v for k, v in connection.get_connection_params().items() if k in LIBPQ and v}
        with psycopg.connect(**values, autocommit=True) as other:
            other.execute(
                "INSERT INTO mail_message (key, kind, stream, to_address, language, created_at, due_at, message_id)"
                " VALUES ('meanwhile', 'test', 'bulk', 'a@city.example', 'en', now(), now(), '<m@gkec.example>')"
            )
        return real()

    monkeypatch.setattr(rowsums, "of_all_tables", after_a_write)


LIBPQ = ("host", "port", "user", "password", "dbname")


def test_a_restored_site_repeats_nothing_that_the_lost_one_may_have_done(
    elsewhere: Callable[[], Any], tmp_path: Path, mail_server: MailServer
) -> None:
    fill()
    armed(Registration.objects.first().event)
    assert Reminder.objects.filter(state=ReminderState.PLANNED).exists()
    Reminder.objects.update(due_at=clock.now() - timedelta(minutes=1))
    started = ask(to="started@city.example")
    Message.objects.filter(pk=started.pk).update(
        state=State.STARTED,
        started_at=clock.now(),
        first_tried_at=clock.now(),
        attempts=1,
        lease_id="00000000-0000-0000-0000-000000000001",
        leased_until=clock.now() + timedelta(minutes=1),
    )
    visitor = sign_in(Client(), PersonFactory())
    assert visitor.get("/en/my/").status_code == 200
    back_up(to=tmp_path / "gkec.tar")
    with elsewhere():
        restore(source=tmp_path / "gkec.tar")
        assert deliver_all() == 0
        states = dict(Message.objects.values_list("to_address", "state"))
        assert states["one@city.example"] == State.CANCELLED
        assert states["started@city.example"] == State.UNKNOWN
        assert set(Reminder.objects.values_list("state", flat=True)) == {ReminderState.MISSED}
        assert visitor.get("/en/my/").status_code == 302
    assert mail_server.accepted == []


def test_who_was_erased_after_the_backup_is_gone_again_after_its_restore(
    elsewhere: Callable[[], Any], tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.STORAGES = {**settings.STORAGES, "erasures": MEMORY}
    ana, bo = (PersonFactory(email=f"{name}@city.example") for name in ("ana", "bo"))
    event = factories.event(capacity=2)
    for number in range(3):
        factories.registered(event, f"Guest {number}", email=f"guest{number}@city.example")
    erase(subject=subject_of(bo), channel=Channel.SELF)
    call_command("backup", str(tmp_path / "gkec.tar"))
    erase(subject=subject_of(ana), channel=Channel.SELF)
    erase_address(address="guest0@city.example")
    with elsewhere():
        call_command("restore", str(tmp_path / "gkec.tar"))
        assert User.objects.count() == 0
        seats = Registration.objects.filter(erased_at=None).order_by("email").values_list("email", "state")
        assert list(seats) == [("guest1@city.example", "confirmed"), ("guest2@city.example", "confirmed")]
        assert DataRequest.objects.count() == 3
        call_command("repeat_erasures")
    said = capsys.readouterr().out
    assert "Erasures since the backup: 2 repeated, 2 with data in it.\n" in said
    assert said.endswith("Erasures since the backup: 0 repeated, 0 with data in it.\n")


def test_erasures_wait_for_the_migrations_of_a_later_release(
    elsewhere: Callable[[], Any], tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STORAGES = {**settings.STORAGES, "erasures": MEMORY}
    ana = PersonFactory(email="ana@city.example")
    back_up(to=tmp_path / "gkec.tar")
    erase(subject=subject_of(ana), channel=Channel.SELF)
    on_disk = restoring._on_disk()
    monkeypatch.setattr(restoring, "_on_disk", lambda: on_disk | {("mail", "0999_later")})
    with elsewhere():
        done = restore(source=tmp_path / "gkec.tar")
        assert done.pending_migrations == 1
        assert done.sentences == ("Then run `repeat_erasures`: who was erased since the backup may be in it.",)
        assert User.objects.count() == 1


def test_a_moved_site_goes_on_where_it_stopped_and_knows_its_retired_key(
    elsewhere: Callable[[], Any], tmp_path: Path, mail_server: MailServer, settings: Any
) -> None:
    fill()
    visitor = sign_in(Client(), PersonFactory())
    back_up(to=tmp_path / "gkec.tar")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-" * 8
    with elsewhere():
        assert restore(source=tmp_path / "gkec.tar", is_moving=True).has_same_key
        assert deliver_all() == 4
        assert visitor.get("/en/my/").status_code == 200
    assert mail_server.recipients()["one@city.example"] == 1


def damaged(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


def cut_off(content: bytearray) -> None:
    del content[len(content) // 2 :]


def test_a_file_with_one_bit_changed_or_cut_off_is_refused_before_anything_is_written(
    elsewhere: Callable[[], Any], tmp_path: Path, whole: Path
) -> None:
    with elsewhere():
        for change in (damaged, cut_off, bytearray.clear):
            with pytest.raises(DamagedBackup):
                restore(source=tampered(whole, change), is_moving=True)
        assert rowsums.tables() == []
    assert not (tmp_path / "media-restored").exists()


def test_a_file_added_to_the_archive_is_refused(tmp_path: Path, whole: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.write_text("not ours")
    with tarfile.open(whole, "a") as tar:
        tar.add(stranger, "media/../../stranger")
    with pytest.raises(DamagedBackup) as refused:
        backupfile.Reader(whole)
    assert refused.value.sentence == "The backup does not hold the files that its manifest names."


def test_a_database_with_tables_is_never_written_over(whole: Path) -> None:
    fill()
    before = hashes_of_all_rows()
    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", str(whole))
    assert hashes_of_all_rows() == before


def test_another_file_of_the_same_name_is_never_written_over(
    elsewhere: Callable[[], Any], tmp_path: Path, whole: Path
) -> None:
    with elsewhere():
        default_storage.save(NAMES[1], ContentFile(b"other"))
        with pytest.raises(RestoreRefused) as refused:
            restore(source=whole, is_moving=True)
        assert rowsums.tables() == []
    assert refused.value.sentence == f"Another file is called {NAMES[1]} in the media: move the media away first."
    assert files(tmp_path / "media-restored") == {NAMES[1]: b"other"}


def test_a_restore_that_failed_is_tried_again_and_tells_of_another_secret_key(
    elsewhere: Callable[[], Any], whole: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SECRET_KEY = "another-" * 8
    with elsewhere():
        with monkeypatch.context() as broken:
            broken.setattr(pgtools, "_LIBPQ", {**pgtools._LIBPQ, "user": "PGNOBODY"})
            broken.setenv("USER", "nobody-of-this-name")
            with pytest.raises(BackupError, match="pg_restore failed"):
                restore(source=whole, is_moving=True)
        assert rowsums.tables() == []
        done = restore(source=whole, is_moving=True)
        assert (done.media, done.has_same_key) == (len(NAMES), False)


def test_a_backup_of_a_later_release_is_refused(
    elsewhere: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('mail', '0999_later', now())")
    try:
        made = back_up(to=tmp_path / "gkec.tar").path
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '0999_later'")
    with elsewhere(), pytest.raises(RestoreRefused) as refused:
        restore(source=made, is_moving=True)
    assert refused.value.sentence == (
        "The backup was made by a later release of GKEC: this one does not know mail.0999_later."
    )


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    there = tmp_path / "gkec.tar"
    there.write_text("mine")
    with pytest.raises(BackupError):
        back_up(to=there)
    assert there.read_text() == "mine"


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default_storage.save(NAMES[0], ContentFile(b"words"))
    monkeypatch.setattr(
        default_storage, "open", lambda name: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    folder = tmp_path / "backups"
    with pytest.raises(BackupError) as refused:
        back_up(to=folder / "gkec.tar")
    assert refused.value.sentence == "The backup cannot be written: No space left on device."
    assert list(folder.iterdir()) == []


def test_a_backup_into_a_folder_is_named_after_the_moment(tmp_path: Path, time_machine: Any) -> None:
    time_machine.move_to("2026-11-22T03:04:05Z", tick=False)
    call_command("backup", str(tmp_path))
    assert (tmp_path / "gkec-20261122T030405Z.tar").is_file()


def test_programs_older_than_the_server_are_refused_and_newer_ones_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert pgtools.find("pg_dump") != str(old)
    monkeypatch.setattr(pgtools, "_embedded", lambda name: None)
    with pytest.raises(ToolMissing, match="pg_dump is older than the server"):
        pgtools.find("pg_dump")


def test_a_password_stands_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {**connection.get_connection_params(), "password": "a secret", "sslmode": "prefer"}
    monkeypatch.setattr(connections["default"], "get_connection_params", lambda: values)
    found = pgtools._environment(pgtools.find("pg_dump"))
    assert (found["PGPASSWORD"], found["PGSSLMODE"]) == ("a secret", "prefer")
