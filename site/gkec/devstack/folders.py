"""The folders under `var/`, and the lock that keeps a second instance out."""

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gkec.devstack.errors import Refusal

MEGABYTE = 1_000_000
FIRST_START_MEGABYTES = 500
LATER_START_MEGABYTES = 50


@dataclass(frozen=True)
class Folders:
    """Where each thing lives under `var`."""

    var: Path

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    @property
    def mail(self) -> Path:
        return self.var / "mail"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def static(self) -> Path:
        return self.var / "static"

    def log_of(self, name: str) -> Path:
        return self.log / f"{name}.log"

    def prepare(self) -> None:
        """Create the folders; refuse when nothing can be written or the disk is nearly full."""
        try:
            for folder in (self.var, self.log, self.run):
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder) as probe:
                    probe.write(b"x")
        except OSError as problem:
            raise Refusal(f"Nothing can be written to {self.var}: {problem.strerror}.") from problem
        wanted = LATER_START_MEGABYTES if self.postgres.exists() else FIRST_START_MEGABYTES
        free = shutil.disk_usage(self.var).free // MEGABYTE
        if free < wanted:
            raise Refusal(f"The disk is full: {self.var} has {free} MB left and the start needs {wanted} MB.")

    def secret_key(self) -> str:
        """Return this installation's own secret, made on the first start, so that sessions outlive a restart."""
        path = self.run / "secret-key"
        with contextlib.suppress(FileNotFoundError):
            kept = path.read_text().strip()
            if len(kept) >= 50:
                return kept
        key = secrets.token_urlsafe(64)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(key)
        return key


class Lock:
    """A lock that the kernel releases when its holder dies, with the holder's number beside it for people."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: TextIO | None = None
        self.abandoned_by = 0

    def take(self) -> None:
        """Take the lock; refuse while another instance lives. Notes whose start was never ended properly."""
        file = self.path.open("a+")
        file.seek(0)
        number = file.read().strip()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise Refusal(f"GKEC is already running from this folder (process {number or 'unknown'}).") from None
        self.abandoned_by = int(number) if number.isdigit() else 0
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self.file = file

    def release(self) -> None:
        """Remove the pid file and release the lock."""
        if self.file is not None:
            self.path.unlink(missing_ok=True)
            self.file.close()
            self.file = None
