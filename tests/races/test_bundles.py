"""Two visitors who ask a development server for a changed script at once both get it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from core import staticbundle
from tests.races.meeting import PATIENCE

VISITORS = 4


def build_at_once(target: Path, monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Build the bundles in several threads, none of which moves its file before all wrote; return what each met."""
    (target / "static/css").mkdir(parents=True)
    (target / "static/js").mkdir()
    for name in staticbundle.STYLE_ORDER:
        if not name.endswith("/"):
            (target / f"static/css/{name}.css").write_text(f"/* {name} */")
    (target / "static/js/one.js").write_text("const one = 1;")
    everybody = Barrier(VISITORS)
    replace = Path.replace

    def replace_together(part: Path, path: Path) -> Path:
        everybody.wait(PATIENCE)
        try:
            return replace(part, path)
        except FileNotFoundError:
            everybody.abort()
            raise

    monkeypatch.setattr(Path, "replace", replace_together)
    with ThreadPoolExecutor(VISITORS) as pool:
        visits = [pool.submit(staticbundle.build, target / "static", target / "out") for _ in range(VISITORS)]
    return [visit.exception() for visit in visits]


def test_threads_that_build_at_once_all_find_the_whole_file(tmp_path, monkeypatch):
    assert build_at_once(tmp_path, monkeypatch) == [None] * VISITORS

    assert (tmp_path / "out/js/site.js").read_text() == "{\nconst one = 1;\n}\n"
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == ["site.css", "site.js"]


def test_with_one_name_for_all_the_second_finds_its_file_gone(tmp_path, monkeypatch):
    """The control: this is how a script was answered with 500, once in some hundred runs."""
    monkeypatch.setattr(staticbundle, "unshared", lambda path: path.with_suffix(".part"))

    assert any(isinstance(error, FileNotFoundError) for error in build_at_once(tmp_path, monkeypatch))
