"""What the Dockerfile and compose.yaml say, read so that tests can run it or look at it."""

import re
from typing import Any

import yaml

from gkec.environment import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"


def compose() -> dict[str, Any]:
    """Return the services."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments, continued lines joined."""
    whole = "\n".join(
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.strip().startswith("#")
    )
    text = re.sub(r"\\\n", " ", whole)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], " ".join(line.split(maxsplit=1)[1].split())) for line in lines]


def arguments(name: str) -> list[str]:
    """Return what stands behind each instruction of one name."""
    return [words for instruction, words in instructions() if instruction == name]
