"""A backup's file: one tar with PostgreSQL's dump, the media, and a manifest that holds the hash of each.

The manifest comes last, so an archive that was cut off has none and is refused.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from core.errors import DamagedBackup
from core.rowsums import RowSum

FORMAT = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"
MEDIA = "media/"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """One file of the archive."""

    sha256: str
    bytes: int


@dataclass
class Manifest:
    """What stands in an archive, and in which state the site was."""

    made_at: datetime
    # PostgreSQL's number, such as 180006.
    server: int
    # Tells whether SECRET_KEY is still the same, and tells nothing about it.
    key: str
    migrations: list[tuple[str, str]]
    tables: dict[str, RowSum]
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def media(self) -> list[str]:
        """The names of the media files, as the storage knows them."""
        return [name.removeprefix(MEDIA) for name in self.parts if name.startswith(MEDIA)]

    @property
    def rows(self) -> int:
        """How many rows all tables have together."""
        return sum(one.rows for one in self.tables.values())

    def as_json(self) -> bytes:
        """Return the manifest as it stands in the archive."""
        tables = {name: one.as_json() for name, one in sorted(self.tables.items())}
        parts = {name: vars(one) for name, one in sorted(self.parts.items())}
        values = {**vars(self), "format": FORMAT, "made_at": self.made_at.isoformat(), "tables": tables, "parts": parts}
        return json.dumps(values, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """Read a manifest; raises DamagedBackup where it is none, or one of a later kind."""
        try:
            values: dict[str, Any] = json.loads(content)
            if values.pop("format") != FORMAT:
                raise DamagedBackup("The backup was made by a later release of GKEC: restore it with that one.")
            values["made_at"] = datetime.fromisoformat(values["made_at"])
            values["migrations"] = [(app, name) for app, name in values["migrations"]]
            values["tables"] = {name: RowSum(**one) for name, one in values["tables"].items()}
            values["parts"] = {name: Part(**one) for name, one in values["parts"].items()}
            return cls(**values)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise DamagedBackup("The backup's manifest cannot be read.") from problem


class Writer:
    """Writes an archive part by part; `finish` adds the manifest."""

    def __init__(self, file: IO[bytes]) -> None:
        self.tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (closed by finish)
        self.parts: dict[str, Part] = {}

    def add(self, name: str, content: IO[bytes]) -> None:
        """Add one file from its beginning."""
        content.seek(0)
        digest = sha256(blocks(content))
        info = tarfile.TarInfo(name)
        info.size, info.mode = content.tell(), 0o600
        content.seek(0)
        self.tar.addfile(info, content)
        self.parts[name] = Part(digest, info.size)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and end the archive."""
        manifest.parts = self.parts
        content = manifest.as_json()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(content), 0o600
        self.tar.addfile(info, io.BytesIO(content))
        self.tar.close()


class Reader:
    """An archive that has been looked through: every hash is as the manifest says, and nothing else is in it."""

    def __init__(self, path: Path) -> None:
        try:
            self.tar = tarfile.open(path, mode="r:")  # noqa: SIM115  (closed by close)
        except FileNotFoundError:
            raise DamagedBackup(f"There is no file {path}.") from None
        except (tarfile.TarError, OSError, EOFError) as problem:
            raise DamagedBackup(f"{path} is not a backup.") from problem
        try:
            self.members = {member.name: member for member in self.tar.getmembers()}
            self.manifest = self._checked()
        except (tarfile.TarError, OSError, EOFError) as problem:
            self.close()
            raise DamagedBackup(f"{path} was cut off or damaged.") from problem
        except DamagedBackup:
            self.close()
            raise

    def open(self, name: str) -> IO[bytes]:
        """Open one part."""
        content = self.tar.extractfile(self.members[name])
        if content is None:
            raise DamagedBackup(f"{name} in the backup is not a file.")
        return content

    def close(self) -> None:
        """Close the file."""
        self.tar.close()

    def _checked(self) -> Manifest:
        if MANIFEST not in self.members:
            raise DamagedBackup("The backup has no manifest: it was cut off while it was made.")
        manifest = Manifest.from_json(self.open(MANIFEST).read())
        if DUMP not in manifest.parts or set(manifest.parts) | {MANIFEST} != set(self.members):
            raise DamagedBackup("The backup does not hold the files that its manifest names.")
        for name, part in manifest.parts.items():
            if sha256(blocks(self.open(name))) != part.sha256:
                raise DamagedBackup(f"{name} in the backup is damaged: its hash is not the manifest's.")
        return manifest


def blocks(content: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's content in blocks."""
    yield from iter(lambda: content.read(_BLOCK), b"")


def sha256(content: Iterator[bytes]) -> str:
    """Return the SHA-256 of some blocks."""
    digest = hashlib.sha256()
    for block in content:
        digest.update(block)
    return digest.hexdigest()
