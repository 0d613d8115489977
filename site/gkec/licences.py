"""`python -m gkec.licences`: writes docs/licences.md, the licences of everything that production installs."""

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
# What packages say in words of their own, by the name that SPDX gives it. The words are whole, so that nothing new is
# taken for something known.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}
# The page is about what the image runs, so that it reads the same wherever it is written.
IMAGE = {"python_version": "3.11", "python_full_version": "3.11.14"}
# Packages whose metadata say nothing; read from the list of parts (sboms/) that they bring along.
READ = {"mrml": "MIT"}
HEAD = """# Licences of what GKEC stands on

Everything that `make install-production EXTRAS=s3` installs, with the licence under which its makers give it. Written
by `make licences`; a test compares it with what is installed. All of them let GKEC be used, changed and passed on under
its own licence. Those of the LGPL and the MPL ask that changes to the package itself are passed on too; GKEC changes
none.

| package | licence |
|---|---|
"""


@dataclass(frozen=True)
class Package:
    """One installed package and its licence in SPDX's words."""

    name: str
    licence: str


def wanted() -> list[Requirement]:
    """Return what production asks for itself, with all extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for group in project.get("optional-dependencies", {}).values() for one in group]
    return [Requirement(one) for one in [*project["dependencies"], *extras]]


def installed(requirements: Iterable[Requirement]) -> list[Package]:
    """Return the packages behind some requirements, and behind theirs, as they are installed here."""
    seen: set[tuple[str, frozenset[str]]] = set()
    found: dict[str, Package] = {}
    waiting = list(requirements)
    while waiting:
        one = waiting.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = metadata.distribution(one.name)
        found[key[0]] = Package(key[0], licence_of(distribution))
        waiting += [child for child in map(Requirement, distribution.requires or []) if _counts(child, one.extras)]
    return sorted(found.values(), key=lambda package: package.name)


def _counts(child: Requirement, extras: set[str]) -> bool:
    if child.marker is None:
        return True
    return any(child.marker.evaluate({"extra": extra, **IMAGE}) for extra in ("", *extras))


def licence_of(distribution: metadata.Distribution) -> str:
    """Return the licence that a package names, or raise LookupError where it names none that is known."""
    about: Any = distribution.metadata
    name = canonicalize_name(about["Name"])
    if name in READ:
        return READ[name]
    if about.get("License-Expression"):
        return str(about["License-Expression"])
    said = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    # A classifier is chosen from a list; what stands in the other field is anything, up to a whole licence.
    for words in [about.get("License") or "", *said]:
        known = SPDX.get(words.strip(), words.strip())
        if known in SPDX.values() or re.fullmatch(r"[A-Za-z0-9.+-]+-[0-9.]+(-[A-Za-z-]+)?|MIT|ISC|0BSD", known):
            return known
    raise LookupError(f"{name} names no licence that is known: {about.get('License')!r}, {said}.")


def page() -> str:
    """Return docs/licences.md as it should be."""
    return HEAD + "".join(f"| {one.name} | {one.licence} |\n" for one in installed(wanted()))


def main() -> int:
    """Write the page."""
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
