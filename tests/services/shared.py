"""What several tests of one file read and each may change: made once, and brought back after every test."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import transaction

from core import kept


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: Any) -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which a fixture of a module makes its rows: `with made_once(): …; yield`.

    The rows stand in a transaction around those of the module's tests, which see them, undo their own changes to
    them, and must fetch what they change anew. Not for tests that commit.
    """

    @contextmanager
    def context() -> Generator[None]:
        with django_db_blocker.unblock():
            block: Any = transaction.atomic()
            # As Django marks its test cases' own, so that blocks which must be outermost may stand in it.
            block._from_testcase = True
            with block:
                yield
                transaction.set_rollback(True)
        kept.clear_all()

    return context
