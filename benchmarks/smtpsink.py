"""Postfix's smtp-sink: a mail server that throws everything away, quicker than any program under measurement."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.servers import ROOT, free_port
from gkec.devstack.processes import Account, Program, wait_until

FOLDER = ROOT / "var" / "bench" / "postfix"
START_SECONDS = 10


class NoSink(Exception):
    """smtp-sink cannot be had on this machine; the text says why."""


def program() -> tuple[Path, dict[str, str]]:
    """Return smtp-sink and the environment to run it in: the system's own, or unpacked from Debian's package.

    The package is unpacked into var/ and nothing of it is installed or started as a service.
    """
    installed = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if installed:
        return Path(installed), {}
    unpacked = FOLDER / "usr" / "sbin" / "smtp-sink"
    if not unpacked.exists():
        _unpack()
    return unpacked, {"LD_LIBRARY_PATH": str(FOLDER / "usr" / "lib" / "postfix")}


def _unpack() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for command in (["apt-get", "download", "postfix"], ["dpkg", "-x", "<package>", "."]):
        package = next((str(path) for path in FOLDER.glob("postfix_*.deb")), "")
        filled = [part.replace("<package>", package) for part in command]
        try:
            subprocess.run(filled, cwd=FOLDER, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as problem:
            raise NoSink(f"smtp-sink could not be fetched: `{' '.join(filled)}` failed ({problem}).") from problem


@contextlib.contextmanager
def running(log: Path) -> Iterator[int]:
    """Run smtp-sink on 127.0.0.1 and yield its port; raises NoSink when that is not possible."""
    path, environment = program()
    port = free_port()
    child = Program(
        name="smtp-sink",
        command=[str(path), f"127.0.0.1:{port}", "512"],
        log=log,
        environment={**os.environ, **environment},
        # smtp-sink refuses root. Its own -u would undo the tie to this process, and leave it running when that dies.
        account=_nobody() if os.geteuid() == 0 else None,
    ).start()
    try:
        if not wait_until(lambda: _answers(port), child=child, seconds=START_SECONDS):
            raise NoSink(f"smtp-sink did not start: {log.read_text(errors='replace').strip()}")
        yield port
    finally:
        child.stop()


def _nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
        return probe.recv(3) == b"220"
    return False


if __name__ == "__main__":
    with running(Path(sys.argv[1])) as sink_port:
        print(sink_port)
