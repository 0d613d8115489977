"""Each reason not to start is one sentence, exit code 1, and nothing left running."""

import errno
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from gkec.devstack import options
from gkec.devstack.errors import Refusal
from gkec.devstack.folders import Folders, Lock
from gkec.devstack.valkey import free_port
from tests.services.demo import StartDemo

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("devstack")]

Usage = namedtuple("Usage", "total used free")
OPEN_BIND = "BIND must be a loopback address such as 127.0.0.1: the demo's passwords are known to all."


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT is 'eighty': it must be a whole number from 1 to 65535."),
        ({"PORT": "65536"}, "PORT is '65536': it must be a whole number from 1 to 65535."),
        ({"PORT": "٨٠٨٠"}, "PORT is '٨٠٨٠': it must be a whole number from 1 to 65535."),
        ({"BIND": "0.0.0.0"}, OPEN_BIND),
        ({"BIND": "::"}, OPEN_BIND),
        (
            {"BASE_URL": "https://gkec.example"},
            "BASE_URL must be a loopback address such as 127.0.0.1: the demo's passwords are known to all.",
        ),
        (
            {"BASE_URL": "http://localhost.gkec.example"},
            "BASE_URL must be a loopback address such as 127.0.0.1: the demo's passwords are known to all.",
        ),
    ],
)
def test_a_bad_environment_is_refused(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        options.read(variables)
    assert str(refused.value) == sentence


def test_empty_values_count_as_unset() -> None:
    found = options.read({"PORT": "", "BIND": " ", "BASE_URL": "", "DATABASE_URL": ""})
    assert (found.bind, found.port, found.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")


def test_a_real_start_on_an_open_address_prints_the_sentence_and_nothing_else(start_demo: StartDemo) -> None:
    assert start_demo(BIND="0.0.0.0").refusal() == OPEN_BIND


def test_a_folder_that_cannot_be_written_is_refused(start_demo: StartDemo, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    var = tmp_path / "file" / "var"
    assert start_demo(var=var).refusal() == f"Nothing can be written to {var}: Not a directory."


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 3_000_000, 3_000_000))
    with pytest.raises(Refusal) as refused:
        Folders(tmp_path / "var").prepare()
    assert str(refused.value) == f"The disk is full: {tmp_path / 'var'} has 3 MB left and the start needs 500 MB."


def test_a_disk_without_room_for_one_byte_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    with pytest.raises(Refusal) as refused:
        Folders(tmp_path / "var").prepare()
    assert str(refused.value) == f"Nothing can be written to {tmp_path / 'var'}: No space left on device."


def test_a_damaged_data_folder_is_refused_and_left_alone(start_demo: StartDemo, tmp_path: Path) -> None:
    data = tmp_path / "var" / "postgres"
    data.mkdir(parents=True)
    (data / "postgresql.conf").write_text("listen_addresses = '*'\n")
    expected = f"{data} is not a whole PostgreSQL data folder: remove it and start again."
    assert start_demo().refusal().removeprefix("GKEC is starting; Ctrl-C stops it.") == expected
    assert [path.name for path in data.iterdir()] == ["postgresql.conf"]


@pytest.mark.parametrize(
    ("variable", "value", "beginning"),
    [
        ("DATABASE_URL", "postgres://gkec@127.0.0.1:{port}/gkec", "The database in DATABASE_URL does not answer: "),
        ("DATABASE_URL", "postgres://gkec@127.0.0.1:what/gkec", "The database in DATABASE_URL does not answer: "),
        ("REDIS_URL", "redis://127.0.0.1:{port}/0", "The broker in REDIS_URL does not answer: "),
        ("REDIS_URL", "not-an-address", "The broker in REDIS_URL does not answer: "),
    ],
)
def test_a_real_server_that_does_not_answer_is_one_sentence(
    start_demo: StartDemo, variable: str, value: str, beginning: str
) -> None:
    sentence = start_demo(**{variable: value.format(port=free_port())}).refusal()
    assert sentence.startswith(beginning)
    assert sentence.endswith(".")


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from gkec.devstack.folders import Lock\n"
    program += "lock = Lock(Path(sys.argv[1])); lock.take(); print('taken', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "pid"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(Refusal) as refused:
            Lock(tmp_path / "pid").take()
        assert str(refused.value) == f"GKEC is already running from this folder (process {holder.pid})."
        holder.kill()
    lock = Lock(tmp_path / "pid")
    lock.take()
    assert lock.abandoned_by == holder.pid
    assert (tmp_path / "pid").read_text() == str(os.getpid())
    lock.release()
    assert not (tmp_path / "pid").exists()
