"""docs/operations.md names what there is: its commands, services, settings, figures and tests exist and take what it gives them."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from gkec.environment import ROOT
from tests.operations.deployment import compose

TEXT = (ROOT / "docs" / "operations.md").read_text()
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "site").rglob("*.py")) if "migrations" not in path.parts)
BLOCKS = re.findall(r"^```\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
LINES = [line.split("  #")[0].strip() for block in BLOCKS for line in block.splitlines()]
# Of Docker's own: what runs something in a service, or on services.
ON_A_SERVICE = re.compile(r"docker compose (?:run|exec)(?: -\S+| --\S+)* (\S+)")
ON_SERVICES = re.compile(r"docker compose (?:stop|up -d --no-deps) (.+)")


def commands() -> list[str]:
    """Return what stands behind each manage.py, in blocks and in sentences."""
    quoted = [one for one in re.findall(r"`([^`\n]+)`", TEXT) if "manage.py" in one]
    found = [line.split("manage.py ", 1)[1] for line in [*LINES, *quoted] if "manage.py " in line]
    return sorted(set(found))


@pytest.mark.parametrize("command", commands())
def test_each_management_command_exists_and_takes_its_arguments(command: str) -> None:
    name, *words = shlex.split(command)
    assert name in get_commands()
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    assert parser.parse_args(words)


def test_commands_are_found_in_blocks_and_in_sentences():
    assert {"found_site", "migrate", "purge --preview", "erase_person ADDRESS --yes"} <= set(commands())


def test_each_service_of_compose_is_one():
    named = {name for line in LINES for name in ON_A_SERVICE.findall(line)}
    named |= {name for line in LINES for names in ON_SERVICES.findall(line) for name in names.split()}
    assert {"web", "migrate", "backup", "restore", "db"} <= named
    assert named <= set(compose())


def test_the_table_of_processes_is_what_compose_runs():
    rows = dict(re.findall(r"^\| ([^|]+) \| `((?:celery|gunicorn) [^`]+)` \|", TEXT, re.MULTILINE))
    assert len(rows) == 5
    ours = {name: one["command"] for name, one in compose().items() if "celery" in one.get("command", [])}
    for words in (shlex.split(command) for command in rows.values() if command.startswith("celery")):
        assert [name for name, command in ours.items() if command[: len(words)] == words], words


def test_each_setting_is_read_and_each_figure_shown():
    table = TEXT[TEXT.index("## Settings") : TEXT.index("## Mail that is believed")]
    settings = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", table))
    assert len(settings) > 20
    assert sorted(name for name in settings if f'"{name}"' not in SOURCES) == []
    figures = set(re.findall(r"`(gkec_\w+)`", TEXT))
    assert len(figures) >= 5
    assert sorted(name for name in figures if f'"{name}"' not in SOURCES) == []


# Said by PostgreSQL and by the pool in front of it.
OF_OTHERS = {"too many clients", "couldn't get a connection"}


def test_what_it_quotes_is_said():
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    quoted = set(re.findall(r"“([^”]+)”", TEXT)) - set(headings) - OF_OTHERS
    assert len(quoted) >= 5
    assert sorted(one for one in quoted if one not in SOURCES and one not in pages) == []


def test_each_file_that_it_names_is_there():
    for name in re.findall(r"\]\(([^)#]+)(?:#[\w-]+)?\)", TEXT):
        assert (ROOT / "docs" / name).resolve().exists(), name
    for name in re.findall(r"`((?:tests|deploy|site)/[\w./-]+)`", TEXT):
        assert Path(ROOT / name).exists(), name
