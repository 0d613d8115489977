"""A backup or a restore that ends before its time leaves nothing that harms: no half file, no mail that leaves again."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from core import clock, rowsums
from core.errors import RestoreDiffers
from core.services.backing_up import back_up
from core.services.restoring import restore
from gkec.devstack.processes import wait_until
from gkec.environment import ROOT
from mail.models import Message
from tests.factories.mail import ask, deliver_all
from tests.operations.places import empty_database
from tests.services.mailserver import MailServer
from tests.services.worker import environment

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = """#!/bin/sh
if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.0"; exit; fi
echo $$ > "$STARTED"
exec sleep 120
"""


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_backup_that_is_asked_to_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, started = tmp_path / "backups", tmp_path / "started"
    folder.mkdir()
    dump = tmp_path / "pg_dump"
    dump.write_text(SLOW)
    dump.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    backup = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "backup", str(folder)],
        env={**environment(), "PATH": path, "STARTED": str(started)},
    )
    try:
        assert wait_until(lambda: started.exists() and started.read_text().endswith("\n"), seconds=60)
        assert [one.name[:8] for one in sorted(folder.iterdir())] == [".backup-", "gkec-202"]
        backup.send_signal(signal.SIGTERM)
        assert backup.wait(30) == 143
    finally:
        backup.kill()
        backup.wait()
    assert list(folder.iterdir()) == []
    # Told to end together with its parent, it is gone as soon as somebody has taken note of its end.
    assert wait_until(lambda: not psutil.pid_exists(int(started.read_text())), seconds=20)


def test_what_a_killed_backup_left_is_cleared_away_by_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for name, hours in ((".backup-old", 25), (".backup-new", 23)):
        (folder / name).mkdir(parents=True)
        (folder / name / "database.dump").write_text("everything")
        set_back(folder / name, hours)
    for name, hours in (("gkec-1.tar.part", 25), ("gkec-2.tar.part", 23), ("gkec-0.tar", 999), ("notes.part", 999)):
        (folder / name).write_text("mine")
        set_back(folder / name, hours)
    back_up(to=folder / "gkec-3.tar")
    assert {one.name for one in folder.iterdir()} == {
        ".backup-new", "gkec-2.tar.part", "gkec-0.tar", "notes.part", "gkec-3.tar",
    }  # fmt: skip


def set_back(path: Path, hours: int) -> None:
    moment = clock.now().timestamp() - hours * 3600
    os.utime(path, (moment, moment))


def test_a_restore_whose_rows_differ_holds_mail_back_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail_server: MailServer
) -> None:
    ask(to="one@city.example")
    back_up(to=tmp_path / "gkec.tar")
    monkeypatch.setattr(rowsums, "differing", lambda *_sums: ["public.core_heartbeat"])
    with empty_database():
        with pytest.raises(RestoreDiffers):
            restore(source=tmp_path / "gkec.tar")
        assert list(Message.objects.values_list("state", "reason")) == [("cancelled", "withdrawn")]
        assert deliver_all() == 0
    assert mail_server.accepted == []
