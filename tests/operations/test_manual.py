"""docs/operations.md names what there is: its commands, services, settings, figures and tests exist and take what it gives them."""

import ast
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
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


SETTINGS = TEXT[TEXT.index("## Settings") : TEXT.index("## Mail that is believed")]
# Rows of the tables: names, what they do, defaults.
ROWS = re.findall(r"^\| (`[A-Z][^|]+) \| [^|]+ \| ([^|]+) \|$", SETTINGS, re.MULTILINE)
NEEDED = re.findall(r"`([A-Z_]+)`", SETTINGS[: SETTINGS.index("must be there")])
# Of those whose settings nobody has in production.
NOT_IN_PRODUCTION = {"demo.py", "test.py"}


def read_from_environment() -> dict[str, int | None]:
    """Return the names that the code asks the environment for, each with its default where that is a number."""
    found: dict[str, int | None] = {}
    for path in sorted((ROOT / "site" / "gkec").rglob("*.py")):
        if path.name not in NOT_IN_PRODUCTION and "devstack" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env."):
                    found.update(dict.fromkeys(_names(node), _default(node)))
    for job, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if isinstance(entry["schedule"], int):
            found[f"{job.upper().replace('-', '_')}_SECONDS"] = entry["schedule"]
    return found


def _names(call: ast.Call) -> list[str]:
    words = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [f"{word}…" if word.endswith("_") else word for word in words if re.fullmatch("[A-Z_]+", word)]


def _default(call: ast.Call) -> int | None:
    written = [ast.unparse(one.value) for one in call.keywords if one.arg == "default"]
    # Such as `5 * 365`.
    return eval(written[0], {}) if written and re.fullmatch(r"[\d *]+", written[0]) else None  # noqa: S307


def test_each_setting_is_explained_and_each_that_is_explained_is_read():
    explained = [name for names, _default in ROWS for name in re.findall("`([^`]+)`", names)]
    assert sorted([*NEEDED, *explained]) == sorted(read_from_environment())


def test_each_number_is_the_one_that_holds_where_nobody_sets_another():
    told = {
        name: int(number)
        for names, numbers in ROWS
        for name, number in zip(re.findall("`([^`]+)`", names), re.split(", ", numbers), strict=False)
        if number.isdigit()
    }
    assert told == {name: number for name, number in read_from_environment().items() if number is not None}


def test_each_figure_is_shown():
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
