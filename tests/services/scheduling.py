"""Hands the tests out to xdist's workers so that no core waits while the site makes its first start."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

from gkec.devstack.options import ROOT
from gkec.devstack.processes import tied

# The longest first. Each needs a copy of what the first start leaves, which takes two minutes of one core.
GROUPS_OF_THE_SITE = ("site", "devstack", "pages")


def shared_folder() -> Path:
    """Return the folder that all workers of this run share for the first start."""
    return Path(os.environ["PYTEST_DEBUG_TEMPROOT"]) / "first-start"


def facts_of_first_start() -> Path:
    """Return the file that stands as soon as the first start has come to its end."""
    return shared_folder() / "facts.json"


def start_ahead(session: pytest.Session) -> None:
    """Begin the first start beside the tests that do not need it, when there are any that do."""
    if os.environ["PYTEST_XDIST_WORKER"] == "gw0" and any(_needs_first_start(item) for item in session.items):
        # Ends with this worker, and all that it started ends with it.
        subprocess.Popen(
            [sys.executable, "-m", "tests.services.ahead"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=tied(signal.SIGTERM),  # noqa: PLW1509  (as gkec.devstack.processes starts its own)
        )


def _needs_first_start(item: pytest.Item) -> bool:
    return "first_start" in getattr(item, "fixturenames", ())


def group_by_file(items: list[pytest.Item]) -> None:
    """Keep together the tests of a file that share a fixture, so that one worker makes it, once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


def _shares_fixture(item: pytest.Item) -> bool:
    info: Any = getattr(item, "_fixtureinfo", None)
    definitions = info.name2fixturedefs.values() if info else ()
    return any(one.scope == "module" for several in definitions for one in several[-1:])


class Scheduling(LoadGroupScheduling):
    """As `--dist loadgroup`, but what needs the first start waits for it, and then goes before everything else."""

    def _assign_work_unit(self, node: Any) -> None:
        if facts_of_first_start().exists():
            wanted = next((group for group in GROUPS_OF_THE_SITE if group in self.workqueue), None)
        else:
            wanted = next((group for group in self.workqueue if group not in GROUPS_OF_THE_SITE), None)
        if wanted is not None:
            self.workqueue.move_to_end(wanted, last=False)
        super()._assign_work_unit(node)
