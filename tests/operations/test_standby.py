"""A backup is made where nothing can be written to the database, so it may be taken from a standby."""

import contextlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import InternalError, connection

from core.services.restoring import restore
from gkec.devstack.postgres import USER, Postgres, binary, unprivileged_account
from gkec.devstack.processes import Program
from mail.models import Message
from tests.factories import events as make
from tests.operations.places import empty_database, hashes_of_all_rows
from tests.services.worker import environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Media of this test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def fill() -> None:
    make.registered(make.event(capacity=2), "Ana Silva", email="ana@city.example")
    default_storage.save("images/plan.png", ContentFile(b"words"))


@contextlib.contextmanager
def only_reading() -> Iterator[None]:
    """Let every session of this test's database, those of programs included, be one that only reads."""
    options = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {**options, "options": "-c default_transaction_read_only=on"}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = options


def test_a_backup_over_sessions_that_only_read_is_whole(tmp_path: Path, settings: Any) -> None:
    fill()
    before = hashes_of_all_rows()
    with only_reading():
        with pytest.raises(InternalError, match="read-only transaction"):
            Message.objects.all().delete()
        call_command("backup", str(tmp_path / "gkec.tar"))
    settings.MEDIA_ROOT = tmp_path / "media-restored"
    with empty_database():
        restore(source=tmp_path / "gkec.tar", is_moving=True)
        assert hashes_of_all_rows() == before
    assert (tmp_path / "media-restored" / "images" / "plan.png").read_bytes() == b"words"


def run(server: Postgres, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        env={**environment(), "DATABASE_URL": server.url, "VAR_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def primary(tmp_path: Path) -> Generator[Postgres]:
    """An empty cluster of this test's own."""
    server = Postgres(tmp_path / "primary", tmp_path / "primary.log", is_durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def standby(primary: Postgres, tmp_path: Path) -> Generator[Callable[[], Postgres]]:
    """Make a standby of that cluster as it is, and start it."""
    server = Postgres(tmp_path / "standby", tmp_path / "standby.log", is_durable=False)

    def copied() -> Postgres:
        account = unprivileged_account(primary.data)
        server.data.mkdir(mode=0o700)
        if account is not None:
            os.chown(server.data, account.uid, account.gid)
        command = [str(binary("pg_basebackup")), "--host", str(primary.socket_folder), "--username", USER]
        copy = Program(
            name="pg_basebackup",
            command=[*command, "--pgdata", str(server.data), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"],
            log=tmp_path / "pg_basebackup.log",
            environment={"LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": str(binary("postgres").parents[1] / "lib")},
            account=account,
        )
        assert copy.start().run_to_the_end() == 0, copy.log.read_text()
        server.start()
        return server

    yield copied
    server.stop()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_backup_of_a_standby_holds_what_the_primary_does(
    primary: Postgres, standby: Callable[[], Postgres], tmp_path: Path
) -> None:
    fill()
    call_command("backup", str(tmp_path / "before.tar"))
    run(primary, tmp_path / "var", "restore", str(tmp_path / "before.tar"), "--moving")
    copy = standby()
    with copy.connect(copy.database) as session:
        assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            session.execute("DELETE FROM mail_message")
    assert "1 media files" in run(copy, tmp_path / "var", "backup", str(tmp_path / "after.tar"))
    before, after = (manifest(tmp_path / name) for name in ("before.tar", "after.tar"))
    assert after["tables"] == before["tables"]
    assert after["tables"]["public.events_registration"]["rows"] == 1


def manifest(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        content = tar.extractfile("manifest.json")
        assert content is not None
        return json.load(content)
