"""What must be done before the site starts, and skipped when it has been done."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from gkec import catalogues
from gkec.devstack import forks
from gkec.devstack.errors import Refusal
from gkec.devstack.folders import Folders
from gkec.devstack.forks import ForkedProgram
from gkec.devstack.marks import Marks, marks_of
from gkec.devstack.options import ROOT
from gkec.devstack.processes import Child, wait_until

DEMO_PERSON = "admin@gkec.example"
DEMO_COMMAND = ROOT / "site" / "demo" / "management" / "commands" / "demo_load.py"
SOURCES = ("*", "site/*")
# What the demo loads from: its own files and loaders, and the data that every installation starts with.
DEMO_SOURCES = ("site/demo/*.py", "site/demo/content/*", "site/demo/services/*.py", "*/data/*", "site/*/data/*")
STEP_SECONDS = 1800


class Preparation:
    """Runs the steps in order; the two slow ones of a first start run side by side."""

    def __init__(self, folders: Folders, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.folders = folders
        self.environment = environment
        self.say = say

    def run(self) -> None:
        """Bring database, static files, catalogues and demo content up to date."""
        for line in catalogues.prepare_all():
            self.say(line)
        with marks_of(self.environment["DATABASE_URL"]) as marks:
            schema, static = schema_fingerprint(), static_fingerprint()
            steps: list[Child] = []
            if marks.get("schema") != schema:
                self.say("Bringing the database up to date, which takes half a minute on the first start.")
                steps.append(self._start("migrate", "--no-input"))
            if not self._static_is_current(static):
                self.say("Collecting static files.")
                steps.append(self._start("collectstatic", "--no-input", "--clear"))
            self._finish(steps)
            marks.set("schema", schema)
            (self.folders.run / "static").write_text(static)
            self._load_demo(marks)

    def _load_demo(self, marks: Marks) -> None:
        content = demo_fingerprint()
        is_there = bool(marks.get("demo")) and marks.has_person(DEMO_PERSON)
        if not DEMO_COMMAND.is_file() or (is_there and marks.get("demo") == content):
            return
        self.say("Loading the demo content that is new." if is_there else "Loading the demo content.")
        try:
            self._finish([self._start("demo_load")])
        except Refusal as refusal:
            if not is_there:
                raise
            # Whoever plays with the demo may have renamed or removed what new content builds on.
            self.say(f"{refusal} The site starts with the content that it has.")
        else:
            marks.set("demo", content)

    def _static_is_current(self, fingerprint: str) -> bool:
        kept = self.folders.run / "static"
        manifest = self.folders.static / "staticfiles.json"
        return manifest.is_file() and kept.is_file() and kept.read_text() == fingerprint

    def _start(self, command: str, *arguments: str) -> Child:
        forks.load(self.environment)
        return ForkedProgram(
            name=command,
            command=["manage.py", command, *arguments],
            log=self.folders.log_of(command),
            environment=self.environment,
            folder=ROOT,
        ).start()

    def _finish(self, steps: list[Child]) -> None:
        try:
            started = time.monotonic()
            wait_until(lambda: not any(step.is_running() for step in steps), seconds=STEP_SECONDS)
        finally:
            for step in steps:
                step.kill()
        for step in steps:
            if step.process.returncode != 0:
                where = step.program.log
                raise Refusal(f"{step.name} failed ({step.how_it_ended()}, see {where}): {step.last_words()}.")
        if steps:
            self.say(f"Done in {time.monotonic() - started:.0f} s.")


def schema_fingerprint() -> str:
    """Return a hash of this project's migrations and of the locked versions of everybody else's."""
    return fingerprint(
        path for pattern in SOURCES for path in ROOT.glob(f"{pattern}/migrations/*.py") if ".venv" not in path.parts
    )


def static_fingerprint() -> str:
    """Return a hash of this project's static sources and of the locked versions of everybody else's."""
    folders = [ROOT / "static", *(path for pattern in SOURCES for path in ROOT.glob(f"{pattern}/static"))]
    return fingerprint(path for folder in folders if "var" not in folder.parts for path in folder.rglob("*"))


def demo_fingerprint() -> str:
    """Return a hash of what the demo content is loaded from."""
    return fingerprint(path for pattern in DEMO_SOURCES for path in ROOT.glob(pattern) if ".venv" not in path.parts)


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a hash of names and contents, and of uv.lock."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for path in sorted({path for path in paths if path.is_file()}):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
