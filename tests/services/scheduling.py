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

# The longest first. Each needs what the first start leaves, which takes two minutes of one core.
GROUPS_OF_THE_SITE = ("site", "devstack", "pages")


def shared_folder() -> Path:
    """Return the folder in which the processes of this run keep what they share of the site."""
    return Path(os.environ["PYTEST_DEBUG_TEMPROOT"]) / "first-start"


def first_start_facts() -> Path:
    """Return the file that stands as soon as the first start has come to its end."""
    return shared_folder() / "facts.json"


def site_facts() -> Path:
    """Return the file that stands as soon as the browser tests' site is ready."""
    return shared_folder() / "site.json"


class Ahead:
    """The process that prepares the site (tests/services/ahead.py), seen from the one that hands out the tests."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.has_taken = False

    def begin(self) -> None:
        """Start it, unless that has been done."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.services.ahead"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "site")])},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=tied(signal.SIGTERM),  # noqa: PLW1509  (as gkec.devstack.processes starts its own)
            )

    def take_over(self) -> None:
        """Start it, unless that has been done, and return once no other process will do the same work."""
        self.begin()
        assert self.process is not None
        assert self.process.stdout is not None
        if not self.has_taken:
            self.process.stdout.readline()
            self.has_taken = True

    def is_busy(self) -> bool:
        """Say whether the site is still to come."""
        return self.process is not None and self.process.poll() is None and not site_facts().exists()

    def stop(self) -> bool:
        """End it and the site; say whether all of it went as it should."""
        if self.process is None:
            return True
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode in (0, -signal.SIGTERM)


class Scheduling(LoadGroupScheduling):
    """As `--dist loadgroup`, but what needs the site waits until it is ready, and then goes before everything else."""

    def __init__(self, config: pytest.Config, log: Any, ahead: Ahead) -> None:
        super().__init__(config, log)
        self.ahead = ahead

    def _assign_work_unit(self, node: Any) -> None:
        if self.ahead.is_busy():
            wanted = next((group for group in self.workqueue if group not in GROUPS_OF_THE_SITE), None)
        else:
            wanted = next((group for group in GROUPS_OF_THE_SITE if group in self.workqueue), None)
        if wanted is not None:
            self.workqueue.move_to_end(wanted, last=False)
        super()._assign_work_unit(node)


def group_by_file(items: list[pytest.Item]) -> None:
    """Keep together the tests of a file that share a fixture, so that one worker makes it, once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


def _shares_fixture(item: pytest.Item) -> bool:
    info: Any = getattr(item, "_fixtureinfo", None)
    definitions = info.name2fixturedefs.values() if info else ()
    return any(one.scope == "module" for several in definitions for one in several[-1:])
