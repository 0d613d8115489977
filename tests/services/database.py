"""One migrated template database a run, and a clone of it for each worker."""

import hashlib
import os
from collections.abc import Generator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from tests.services import snapshot
from tests.services.sessions import maintenance


def migrations_digest() -> str:
    """Return a hash of all that a migrated database depends on: migrations, and the data files they load."""
    digest = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        root = Path(config.path)
        for path in sorted([*root.glob("migrations/*.py"), *root.glob("data/*")]):
            if path.is_file():
                digest.update(f"{config.label}/{path.name}".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def use(name: str) -> None:
    """Point Django at another database of the same server; connections made later follow."""
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


class Databases:
    """Makes and drops the databases of one worker, under advisory locks of the server."""

    def __init__(self, *, worker: str, reuse: bool, rebuild: bool) -> None:
        self.base = connection.settings_dict["NAME"]
        self.template = f"{self.base}_template"
        self.worker = worker
        self.reuse = reuse
        self.rebuild = rebuild or not reuse
        self.admin = maintenance()

    def prepare(self) -> str:
        """Return the name of this worker's own database, fresh from the template."""
        self._lock(self.template)
        try:
            if not self._template_is_good():
                self._build_template()
            name = self._free_name()
            self._drop(name)
            self._execute("CREATE DATABASE {} TEMPLATE {}", name, self.template)
        finally:
            self.admin.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [self.template])
        return name

    def _free_name(self) -> str:
        # A second run beside this one takes the next name instead of this one's database.
        for number in count(1):
            name = f"test_{self.base}_{self.worker}" + (f"_{number}" if number > 1 else "")
            taken = self.admin.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
            if taken and taken[0]:
                return name
        raise AssertionError("unreachable")

    def _template_is_good(self) -> bool:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        found = self.admin.execute(query, [self.template]).fetchone()
        digest, _, run = ((found and found[0]) or "").partition(" ")
        return digest == migrations_digest() and (not self.rebuild or run == os.environ["GKEC_TEST_RUN"])

    def _build_template(self) -> None:
        making = f"{self.template}_making"
        self._drop(making)
        self._execute("CREATE DATABASE {}", making)
        use(making)
        call_command("migrate", verbosity=0, interactive=False)
        use(self.base)
        self._drop(self.template)
        self._execute("ALTER DATABASE {} RENAME TO {}", making, self.template)
        mark = f"{migrations_digest()} {os.environ['GKEC_TEST_RUN']}"
        statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
        self.admin.execute(statement.format(sql.Identifier(self.template), sql.Literal(mark)))

    def remove(self, name: str) -> None:
        """Drop the worker's database; the template stays for the other workers, or for --reuse-db."""
        self._drop(name)
        self.admin.close()

    def _lock(self, name: str) -> None:
        self.admin.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Generator[None]:
    """Replace pytest-django's own: a clone per worker takes a fraction of a second, migrations take half a minute."""
    option = request.config.option
    with django_db_blocker.unblock():
        databases = Databases(
            worker=os.environ.get("PYTEST_XDIST_WORKER", "main"), reuse=option.reuse_db, rebuild=option.create_db
        )
        name = databases.prepare()
        use(name)
        with snapshot.restored_after_each_flush():
            yield
        use(databases.base)
        databases.remove(name)
