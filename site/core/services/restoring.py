"""Bringing a backup back, into an empty database only, and showing that it is all there."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from core import pgtools, rowsums
from core.backupfile import DUMP, MEDIA, Reader, blocks, sha256
from core.errors import RestoreDiffers, RestoreRefused
from core.services.backing_up import key_mark
from core.signals import database_restored


@dataclass(frozen=True)
class Restored:
    """What one restore brought back, and what is left to do."""

    made_at: datetime
    tables: int
    rows: int
    media: int
    has_same_key: bool
    pending_migrations: int


def restore(*, source: Path, is_moving: bool = False) -> Restored:
    """Restore a backup into an empty database and compare every table with the manifest; raises BackupError.

    Nothing is written before every hash in the file has been checked. The rows come back in one transaction, so a
    restore that failed can be tried again. Unless the site is `is_moving` (it was stopped before the backup, so that
    nothing has happened since), what the lost site may have done after it is made safe: receivers of
    `database_restored` hold back mail that may have left already and end all sessions.
    """
    reader = Reader(source)
    try:
        manifest = reader.manifest
        _check_release(manifest.migrations)
        _check_empty()
        coming = _check_media(reader)
        for name in coming:
            _restore_media(reader, name)
        _restore_database(reader)
    finally:
        reader.close()
    with transaction.atomic(durable=True):
        different = rowsums.differing(manifest.tables, rowsums.of_all_tables())
    if different and not is_moving:
        # Whoever starts the site on it all the same must not send what waited a second time.
        _hold_back(manifest.made_at)
    if different:
        raise RestoreDiffers(f"The restored rows are not those of the backup: look at {', '.join(different)}.")
    if not is_moving:
        with transaction.atomic(durable=True):
            database_restored.send(sender=None, made_at=manifest.made_at)
    # Kept pages and sessions speak of the lost site's rows; queues hold nothing but rings.
    cache.clear()
    return Restored(
        made_at=manifest.made_at,
        tables=len(manifest.tables),
        rows=manifest.rows,
        media=len(manifest.media),
        has_same_key=manifest.key in _known_keys(),
        pending_migrations=len(_on_disk() - set(manifest.migrations)),
    )


def _known_keys() -> set[str]:
    return {key_mark(), *(key_mark(secret=old) for old in settings.SECRET_KEY_FALLBACKS)}


def _on_disk() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _hold_back(made_at: datetime) -> None:
    with transaction.atomic(durable=True):
        database_restored.send(sender=None, made_at=made_at)


def _check_release(migrations: list[tuple[str, str]]) -> None:
    labels = {label for label, _name in _on_disk()}
    # An app that has been taken out since leaves rows of its migrations behind, which is no reason to refuse.
    unknown = sorted(one for one in set(migrations) - _on_disk() if one[0] in labels)
    if unknown:
        label, name = unknown[0]
        raise RestoreRefused(f"The backup was made by a later release of GKEC: this one does not know {label}.{name}.")


def _check_empty() -> None:
    found = rowsums.tables()
    if found:
        raise RestoreRefused(f"The database is not empty (it has {'.'.join(found[0])}): restore into a new one.")


def _check_media(reader: Reader) -> list[str]:
    """Return the media files that are not there yet; refuse where another file has the name of one."""
    coming = []
    for name in reader.manifest.media:
        if not default_storage.exists(name):
            coming.append(name)
            continue
        with default_storage.open(name) as content:
            if sha256(blocks(content)) != reader.manifest.parts[f"{MEDIA}{name}"].sha256:
                raise RestoreRefused(f"Another file is called {name} in the media: move the media away first.")
    return coming


def _restore_media(reader: Reader, name: str) -> None:
    with reader.open(f"{MEDIA}{name}") as content:
        default_storage.save(name, File(content, name))


def _restore_database(reader: Reader) -> None:
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    database = connection.settings_dict["NAME"]
    with reader.open(DUMP) as content:
        pgtools.run("pg_restore", *options, f"--dbname={database}", feed=lambda pipe: shutil.copyfileobj(content, pipe))
