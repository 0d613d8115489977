"""`python -m benchmarks [name …]`: prints one JSON object a line; the services are started for the run alone."""

import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gkec.devstack.postgres import Postgres
from gkec.devstack.valkey import Valkey

NAMES = ["pages", "registering", "teams", "reminders", "outbox", "campaign"]


@contextmanager
def services() -> Iterator[Path]:
    """Start a durable PostgreSQL and a Valkey of their own, migrate, and load the demo content."""
    folder = Path(tempfile.mkdtemp(prefix="gkec-bench-"))
    folder.chmod(0o711)
    postgres = Postgres(data=folder / "postgres", log=folder / "postgres.log", settings={"max_connections": "200"})
    valkey = Valkey(folder=folder / "valkey", log=folder / "valkey.log")
    try:
        postgres.start()
        valkey.start()
        os.environ["DATABASE_URL"] = postgres.url
        os.environ["REDIS_URL"] = valkey.url
        os.environ["DJANGO_SETTINGS_MODULE"] = "gkec.settings.demo"
        prepare()
        yield folder
    finally:
        valkey.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def prepare() -> None:
    """Bring the database and the static files to where `make demo` has them."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("demo_load", verbosity=0)


def main(names: list[str]) -> int:
    """Print the lines; return 1 where something could not be measured."""
    complete = True
    with services() as folder:
        for name in names or NAMES:
            module = importlib.import_module(f"benchmarks.{name}")
            for line in module.run(folder):
                complete = complete and "not_measured" not in line
                print(json.dumps(line), flush=True)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
