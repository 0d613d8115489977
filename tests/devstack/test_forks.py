"""A fork of a loaded process is to others what a process of its own would be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gkec.devstack.options import ROOT

pytestmark = pytest.mark.faults
Stories = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forks")


@pytest.fixture(scope="module")
def stories(folder: Path) -> Stories:
    """What became of each child of tests/devstack/forking.py, none of which went on with its parent's program."""
    command = [sys.executable, "-m", "tests.devstack.forking", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def test_it_has_its_own_arguments_folder_environment_group_and_title_and_nothing_else_open(
    stories: Stories, folder: Path
) -> None:
    assert json.loads(stories["tell"]["said"]) == {
        "arguments": ["tell", "argument"],
        "folder": os.fspath(folder.resolve()),
        "environment": {"GIVEN": "yes"},
        "input": "",
        "open": [0, 1, 2, int(stories["kept"]["said"])],
        "leads a group": True,
        "shown as": ["tell", "gkec: tell"],
    }
    assert stories["tell"]["ended"] == "exit code 0"


@pytest.mark.parametrize(
    ("name", "last_words", "ended"),
    [
        ("leave_with_a_sentence", "The port is taken.", "exit code 1"),
        ("leave_with_a_number", "", "exit code 3"),
        ("fail", "ValueError: no such city", "exit code 1"),
        ("come_to_the_end", "What was left to do at the end.", "exit code 0"),
        ("wait_for_a_signal", "waits", "ended by SIGTERM"),
        ("ignore_a_request", "waits", "ended by SIGKILL"),
    ],
)
def test_it_ends_as_an_interpreter_ends(stories: Stories, name: str, last_words: str, ended: str) -> None:
    assert (stories[name]["said"].splitlines() or [""])[-1] == last_words
    assert stories[name]["ended"] == ended
