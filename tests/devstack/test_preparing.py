"""The demo content is loaded once, and again when an update brings more; nobody's changes to it stop a start."""

import gc
import os
import runpy
from pathlib import Path

import pytest
from django.db import connection

from gkec.devstack import prepare
from gkec.devstack.errors import Refusal
from gkec.devstack.folders import Folders
from gkec.devstack.marks import Marks
from gkec.devstack.options import ROOT
from gkec.devstack.prepare import DEMO_PERSON, Preparation
from gkec.devstack.processes import Child, Program
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


class Briefly(Preparation):
    """A preparation whose steps are real processes that end at once, with the exit code of the test's choice."""

    exit_code = 0

    def _start(self, command: str, *arguments: str) -> Child:
        log = self.folders.log_of(command)
        words = ["sh", "-c", f"echo 'No such city.'; exit {self.exit_code}"]
        return Program(name=command, command=words, log=log, environment=os.environ).start()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def preparation(tmp_path: Path, said: list[str]) -> Briefly:
    folders = Folders(tmp_path)
    folders.prepare()
    return Briefly(folders, {}, said.append)


@pytest.fixture
def marks() -> Marks:
    connection.ensure_connection()
    return Marks(connection.connection)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own with one file of content and one command to load it."""
    root = tmp_path / "checkout"
    (root / "site/demo/content").mkdir(parents=True)
    (root / "site/demo/content/courses.json").write_text("[1]")
    (root / "uv.lock").write_text("")
    monkeypatch.setattr(prepare, "ROOT", root)
    return root


def load(preparation: Briefly, marks: Marks, said: list[str]) -> list[str]:
    """Prepare the demo content once and return what was said about it, without how long it took."""
    said.clear()
    preparation._load_demo(marks)
    return [line for line in said if not line.startswith("Done in")]


def test_content_is_loaded_once_and_again_when_an_update_brings_more(
    preparation: Briefly, marks: Marks, said: list[str], sources: Path
) -> None:
    assert load(preparation, marks, said) == ["Loading the demo content."]
    PersonFactory(email=DEMO_PERSON)
    assert load(preparation, marks, said) == []
    (sources / "site/demo/content/courses.json").write_text("[1, 2]")
    assert load(preparation, marks, said) == ["Loading the demo content that is new."]
    assert load(preparation, marks, said) == []
    (sources / "site/demo/content/library.json").write_text("[]")
    assert load(preparation, marks, said) == ["Loading the demo content that is new."]


def test_a_database_that_an_earlier_release_filled_gets_what_came_since(
    preparation: Briefly, marks: Marks, said: list[str]
) -> None:
    PersonFactory(email=DEMO_PERSON)
    marks.set("demo", "loaded")
    assert load(preparation, marks, said) == ["Loading the demo content that is new."]


def test_a_demo_that_was_removed_is_loaded_anew(preparation: Briefly, marks: Marks, said: list[str]) -> None:
    marks.set("demo", prepare.demo_fingerprint())
    assert load(preparation, marks, said) == ["Loading the demo content."]


def test_new_content_that_does_not_fit_is_told_and_tried_again_and_the_site_starts(
    preparation: Briefly, marks: Marks, said: list[str]
) -> None:
    PersonFactory(email=DEMO_PERSON)
    marks.set("demo", "before")
    preparation.exit_code = 1
    where = preparation.folders.log_of("demo_load")
    problem = (
        f"demo_load failed (exit code 1, see {where}): No such city. The site starts with the content that it has."
    )
    assert load(preparation, marks, said) == ["Loading the demo content that is new.", problem]
    preparation.exit_code = 0
    assert load(preparation, marks, said) == ["Loading the demo content that is new."]
    assert marks.get("demo") == prepare.demo_fingerprint()


def test_a_first_load_that_fails_refuses_the_start(preparation: Briefly, marks: Marks) -> None:
    preparation.exit_code = 1
    with pytest.raises(Refusal, match=r"demo_load failed .* No such city\."):
        preparation._load_demo(marks)
    assert marks.get("demo") == ""


@pytest.mark.parametrize(
    "path",
    ["site/demo/content/webinars.json", "site/demo/services/cohorts.py", "site/core/data/vocabularies.csv",
     "home/data/site_texts.json", "municipalities/data/cities.csv"],
)  # fmt: skip
def test_the_mark_covers_what_the_demo_loads_from(path: str) -> None:
    found = {one for pattern in prepare.DEMO_SOURCES for one in ROOT.glob(pattern)}
    assert ROOT / path in found


def test_the_demos_web_workers_share_what_they_start_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GKEC_WEB_SOCKET", "0")
    config = runpy.run_module("gkec.devstack.gunicorn_conf")
    assert config["preload_app"]
    try:
        config["when_ready"](None)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
