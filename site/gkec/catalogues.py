"""Compiles the message catalogues without GNU gettext, which a bare machine lacks, and fetches libraries' Portuguese.

The `.mo` files are made from the `.po` files wherever the site runs: at the start of `make demo`, of a test run and
in the image's build. They are never kept in the repository, so they can never disagree with their sources.
"""

import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "locale"
# Wagtail and allauth speak "pt-PT" and "pt-BR"; Django looks for the site's "pt" under exactly that name.
BORROWED = FOLDER / "borrowed"
LIBRARIES = ("allauth", "wagtail", "wagtail_localize")


def borrow_portuguese() -> Iterator[str]:
    """Copy each library's European Portuguese to where Django finds it as "pt"; yield one sentence for each.

    Each gets a folder of its own in LOCALE_PATHS, since each has its own rule for plurals.
    """
    for library in LIBRARIES:
        package = Path(str(find_spec(library).origin)).parent  # type: ignore[union-attr]
        for source in sorted(package.rglob("locale/pt_PT/LC_MESSAGES/django.mo")):
            name = ".".join(source.relative_to(package.parent).parts[:-4])
            target = BORROWED / name / "pt" / "LC_MESSAGES" / source.name
            if not target.is_file() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                yield f"Fetched the Portuguese of {name}."


def prepare_all() -> Iterator[str]:
    """Bring every catalogue up to date; yield one sentence for each that was not."""
    yield from compile_all()
    yield from borrow_portuguese()


def compile_all(folder: Path = FOLDER) -> Iterator[str]:
    """Compile each catalogue that is newer than its compiled form; yield one sentence for each."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.is_file() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        compile_one(source, target)
        yield f"Compiled {source.relative_to(folder.parent)}."


def compile_one(source: Path, target: Path) -> None:
    """Write one `.mo` file; a reader never sees half of it. Fuzzy entries are left out, as gettext does."""
    try:
        with source.open("rb") as file:
            # Babel writes the plural rule only for a catalogue whose language it has been told.
            catalogue = read_po(file, locale=source.parents[1].name, abort_invalid=True)
    except PoFileError as problem:
        raise SystemExit(f"{source} cannot be read: {problem}.") from None
    # A name of its own, since two starts at once may compile the same.
    with NamedTemporaryFile(dir=target.parent, suffix=".mo.half", delete=False) as half:
        write_mo(half, catalogue, use_fuzzy=False)
    half_written = Path(half.name)
    half_written.chmod(0o644)
    half_written.replace(target)


if __name__ == "__main__":
    for line in prepare_all():
        print(line, file=sys.stderr)
