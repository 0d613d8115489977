"""Each app imports only those beneath it; what runs against the arrows is connected in one place."""

import importlib.util
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.dispatch import Signal

from gkec.environment import ROOT

WIRING = "gkec.wiring"
OWN_ROOTS = ("site", "home", "learning", "newsletter", "events", "municipalities", "search")
# What a lower app offers and an upper one fills, as the code would call it.
SLOTS = ("provide_purposes", "provide_planned", "provide_running_teams", r"footer\.provide", r"sections\.fill")


def domain_signals() -> dict[str, Signal]:
    """Return what the apps tell those above them, by module and name."""
    modules = [f"{config.name}.signals" for config in apps.get_app_configs() if _is_own(config.path)]
    return {
        f"{name}.{word}": value
        for name in modules
        if importlib.util.find_spec(name)
        for word, value in vars(import_module(name)).items()
        if isinstance(value, Signal)
    }


def _is_own(path: str) -> bool:
    return Path(path).is_relative_to(ROOT) and ".venv" not in Path(path).relative_to(ROOT).parts


def test_each_app_imports_only_those_beneath_it() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 broken." in answer.stdout


def test_there_are_signals_to_look_at() -> None:
    assert {"accounts.signals.address_verified", "mail.signals.objection_noted"} <= set(domain_signals())


@pytest.mark.parametrize("name", domain_signals())
def test_a_signal_of_the_domain_is_heard_by_the_wiring_alone(name: str) -> None:
    heard, heard_later = domain_signals()[name]._live_receivers(None)
    assert {receiver.__module__ for receiver in [*heard, *heard_later]} == {WIRING}


@pytest.mark.parametrize("slot", SLOTS)
def test_a_slot_is_filled_by_the_wiring_alone(slot: str) -> None:
    called = re.compile(rf"(?<!def )\b{slot}\(")
    sources = [path for root in OWN_ROOTS for path in (ROOT / root).rglob("*.py")]
    filling = [str(path.relative_to(ROOT)) for path in sources if called.search(path.read_text(encoding="utf-8"))]
    assert filling == ["site/gkec/wiring.py"]
