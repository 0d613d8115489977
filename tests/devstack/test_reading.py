"""While the supervisor reads the site's code: Ctrl-C ends it at once, and code that cannot be read is one sentence."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gkec.devstack.options import ROOT

pytestmark = pytest.mark.faults

PROGRAM = """
import os
from gkec.devstack import forks, interrupts
from gkec.devstack.errors import Refusal
interrupts.listen()
try:
    forks.load(os.environ)
except interrupts.StopAsked:
    print("Stopping.")
except Refusal as refusal:
    print(refusal)
# Whoever stops the services now is not asked a second time.
interrupts.check()
"""
# Longer than the test may take.
SLOW = """
import time
print("reads", flush=True)
try:
    time.sleep(600)
except Exception:
    pass
"""


def reading(folder: Path, code: str, *, package: str = "whitenoise") -> subprocess.Popen[str]:
    """Start to read the site, one of whose packages has this code instead of its own."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(code)
    path = os.pathsep.join(map(str, (folder, ROOT, ROOT / "site")))
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": path,
            "DJANGO_SETTINGS_MODULE": "gkec.settings.demo",
            "BASE_URL": "http://127.0.0.1:8000",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_ctrl_c_ends_the_reading_at_once(tmp_path: Path) -> None:
    with reading(tmp_path, SLOW) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reads\n"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert (said, process.returncode) == ("Stopping.\n", 0)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("x = (", "SyntaxError: '(' was never closed (__init__.py, line 1)"),
    ],
)
def test_code_that_cannot_be_read_is_one_sentence(tmp_path: Path, code: str, sentence: str) -> None:
    with reading(tmp_path, code) as process:
        said, _ = process.communicate(timeout=60)
    assert said == f"The site's code cannot be read: {sentence}.\n"


def test_the_sentence_names_the_last_place_of_our_own(tmp_path: Path) -> None:
    with reading(tmp_path, "import nothing_of_this_name", package="csp") as process:
        said, _ = process.communicate(timeout=60)
    problem = "ModuleNotFoundError: No module named 'nothing_of_this_name'"
    lines = (ROOT / "site/gkec/settings/base.py").read_text().splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if text.startswith("from csp.")]
    assert said == f"The site's code cannot be read: {problem} (site/gkec/settings/base.py, line {line}).\n"
