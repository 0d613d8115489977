"""Making a backup: rows and media of one moment in one file that can prove itself."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from core import clock, pgtools, rowsums, secretkeys
from core.backupfile import DUMP, MEDIA, Manifest, Writer, blocks
from core.errors import BackupError

# What pg_dump reads and what is added up beside it are the same moment.
ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# A file of the media up to this size does not touch the disk on its way into the archive.
_IN_MEMORY = 16 << 20
# No backup takes longer; what is older was left by one that was killed.
_LEFT_AFTER_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class BackedUp:
    """What one backup holds."""

    path: Path
    tables: int
    rows: int
    media: int
    bytes: int


def back_up(*, to: Path) -> BackedUp:
    """Write a backup of the database and all media to `to`, which only its owner can read; raises BackupError.

    The site may go on meanwhile: the rows are those of one moment, and the media are read after it, so that whatever a
    row names is there unless it was deleted since. The file has its name only when it is whole and on the disk.
    """
    if to.exists():
        raise BackupError(f"{to} is there already: name another file.")
    growing = to.with_name(to.name + ".part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        _clear_away(to.parent)
        with _private(growing) as file:
            writer = Writer(file)
            manifest = _add_database(writer, to.parent)
            for name in media_names():
                _add_media(writer, name)
            writer.finish(manifest)
            file.flush()
            os.fsync(file.fileno())
        growing.rename(to)
    except OSError as problem:
        raise BackupError(f"The backup cannot be written: {problem.strerror or problem}.") from problem
    finally:
        growing.unlink(missing_ok=True)
    return BackedUp(to, len(manifest.tables), manifest.rows, len(manifest.media), to.stat().st_size)


def _clear_away(folder: Path) -> None:
    """Delete what killed backups left: parts of files that nobody would look for, with everything about everybody."""
    for path in [*folder.glob(".backup-*"), *folder.glob("gkec-*.tar.part")]:
        if path.stat().st_mtime < clock.now().timestamp() - _LEFT_AFTER_SECONDS:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def media_names(folder: str = "") -> Iterator[str]:
    """Yield the names of all files of the media storage, whichever that is."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}{name}"
    for name in sorted(folders):
        yield from media_names(f"{folder}{name}/")


@contextlib.contextmanager
def _private(path: Path) -> Iterator:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        yield file


def _add_database(writer: Writer, folder: Path) -> Manifest:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as scratch:
        dump = Path(scratch) / DUMP
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute(ONE_MOMENT)
                cursor.execute("SELECT pg_export_snapshot()")
                (snapshot,) = cursor.fetchone()
            made_at = clock.now()
            pgtools.run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
            tables = rowsums.of_all_tables()
            migrations = sorted(MigrationRecorder(connection).applied_migrations())
        with dump.open("rb") as content:
            writer.add(DUMP, content)
    return Manifest(made_at, pgtools.server_version(), secretkeys.mark(), migrations, tables)


def _add_media(writer: Writer, name: str) -> None:
    # Copied first: its length stands before its content, and a file of a bucket may have none to ask for.
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        try:
            with default_storage.open(name) as content:
                for block in blocks(content):
                    copy.write(block)
        except FileNotFoundError:
            # Deleted since the folder was read.
            return
        writer.add(f"{MEDIA}{name}", copy)
