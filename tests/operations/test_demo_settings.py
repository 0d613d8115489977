"""The demo's settings serve this machine alone: its passwords are known to all, and no second factor is asked for."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gkec import environment as env
from gkec import gunicorn_conf
from gkec.devstack.valkey import free_port

OPEN_WEB = (
    "WEB_BIND must be a loopback address with the demo settings, such as 127.0.0.1:8000: "
    "the demo's passwords are known to all."
)


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the site with the demo's settings, without any service."""
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    nowhere = {"DATABASE_URL": "postgres://gkec@127.0.0.1:1/gkec", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={**inherited, **nowhere, "DJANGO_SETTINGS_MODULE": "gkec.settings.demo", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIND", "0.0.0.0"),
        ("BIND", "::"),
        ("BIND", "127.0.0.1.gkec.example"),
        ("BASE_URL", "https://gkec.example"),
        ("BASE_URL", "http://localhost.gkec.example"),
    ],
)
def test_the_demo_settings_with_an_address_that_others_reach(name: str, value: str) -> None:
    answer = run("django", "check", **{name: value})
    sentence = f"{name} must be a loopback address with the demo settings, such as 127.0.0.1."
    assert (answer.returncode, answer.stderr.strip()) == (env.EXIT_STATUS, sentence)


@pytest.mark.parametrize(
    "value", ["127.0.0.1", *(pytest.param(one, marks=pytest.mark.long) for one in ("127.1.2.3", "::1", "localhost"))]
)
def test_the_demo_settings_on_this_machine(value: str) -> None:
    assert run("django", "diffsettings", BIND=value).returncode == 0


@pytest.mark.parametrize(
    "variables",
    [{}, *(pytest.param({"WEB_BIND": one}, marks=pytest.mark.long) for one in ("0.0.0.0:{port}", ":{port}"))],
    ids=str,
)
def test_opening_the_demo_to_others_by_gunicorn(variables: dict[str, str]) -> None:
    filled = {name: value.format(port=free_port()) for name, value in variables.items()}
    answer = run("gunicorn", "--config", "python:gkec.gunicorn_conf", "gkec.wsgi:application", **filled)
    assert (answer.returncode, answer.stderr.strip().splitlines()[-1]) == (env.EXIT_STATUS, OPEN_WEB)
    assert "Listening at" not in answer.stderr


@pytest.mark.parametrize(
    ("places", "is_let_through"),
    [
        ([("127.0.0.1", 8000)], True),
        ([("::1", 8000), "/run/gkec.sock", 7], True),
        ([("127.0.0.1", 8000), ("0.0.0.0", 8001)], False),
        ([("", 8000)], False),
    ],
)
def test_every_place_of_gunicorn_is_looked_at(
    places: list[object], is_let_through: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    server = SimpleNamespace(address=places)
    if is_let_through:
        gunicorn_conf.on_starting(server)
    else:
        with pytest.raises(env.ConfigurationProblem) as stopped:
            gunicorn_conf.on_starting(server)
        assert (stopped.value.sentence, capsys.readouterr().err) == (OPEN_WEB, f"{OPEN_WEB}\n")


def test_production_listens_where_it_is_told(settings: object) -> None:
    settings.DEMO = False  # type: ignore[attr-defined]
    gunicorn_conf.on_starting(SimpleNamespace(address=[("0.0.0.0", 8000)]))
