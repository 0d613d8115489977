"""What the image installs and starts, without Docker: its steps in a copy of the tree, its commands as processes."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from core.models import Heartbeat
from gkec.devstack.processes import Child, Program, wait_until
from gkec.devstack.valkey import free_port
from gkec.environment import ROOT
from tests.factories import events as make
from tests.operations.deployment import arguments, compose
from tests.services.mailserver import MailServer
from tests.services.worker import database_url

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(1800)]
HOST = "gkec.example"
# A machine that has much else to do takes minutes to start all of it.
PATIENCE = 240
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
# What tools need to reach a registry from here; nothing of this run's own settings is known to what is installed.
INHERITED = re.compile(r"HOME|LANG|LC_\w+|TMPDIR|(PIP|UV|SSL|REQUESTS|CURL)_\w+|\w+_proxy", re.IGNORECASE)
CELERY = ("worker-transactional", "worker-bulk", "worker-default", "beat")


def inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name == "PATH" or INHERITED.fullmatch(name)}


def copy_of_the_tree(target: Path) -> Path:
    """Copy what `COPY . .` would, past .dockerignore."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text().split() if not line.startswith("#")]
    anywhere = shutil.ignore_patterns(*(one.removeprefix("**/") for one in ignored if one.startswith("**/")))

    def leave_out(folder: str, names: list[str]) -> set[str]:
        return anywhere(folder, names) | (set(ignored) & set(names) if Path(folder) == ROOT else set())

    shutil.copytree(ROOT, target, ignore=leave_out, symlinks=True)
    return target


def variables_of(instruction: str, app: Path) -> dict[str, str]:
    """Return what an ENV of the Dockerfile sets, with /app being elsewhere."""
    pairs = dict(one.split("=", 1) for one in shlex.split(instruction))
    return {name: value.replace("/app", str(app)).replace("$PATH", os.environ["PATH"]) for name, value in pairs.items()}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The image's /app, made by the Dockerfile's own steps."""
    folder = copy_of_the_tree(tmp_path_factory.mktemp("image") / "app")
    (step,) = [words for words in arguments("RUN") if "make " in words]
    build, _run = arguments("ENV")
    done = subprocess.run(
        ["sh", "-ec", step[step.index("make ") :]],
        cwd=folder,
        env={**inherited(), **variables_of(build, folder), "EXTRAS": "s3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder
    shutil.rmtree(folder)


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file, to see whether anything was written."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(folder / "var" / "media"):
            facts = path.lstat()
            found[str(path.relative_to(folder))] = (facts.st_size, facts.st_mtime_ns)
    return found


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    text: str


@dataclass
class Container:
    """Where the commands of the image run: its variables, those of compose.yaml, and a /tmp of their own."""

    app: Path
    folder: Path
    variables: dict[str, str]
    port: int = field(default_factory=free_port)
    running: dict[str, Child] = field(default_factory=dict)

    def environment(self, service: str) -> dict[str, str]:
        """Return the variables of one service; of compose.yaml's those that name no server."""
        own = compose()[service]["environment"]
        life = {"LIFE_SIGN": self.here(own["LIFE_SIGN"], service)} if "LIFE_SIGN" in own else {}
        return {
            **inherited(),
            **variables_of(arguments("ENV")[1], self.app),
            **self.variables,
            **life,
            "WEB_BIND": f"127.0.0.1:{self.port}",
        }

    def here(self, word: str, service: str) -> str:
        """Return a word of a command with the image's places being elsewhere; each container has its own /tmp."""
        tmp = self.folder / service
        tmp.mkdir(exist_ok=True)
        places = {"/tmp": tmp, "/srv/static": self.folder / "static", "/app": self.app}  # noqa: S108  (the container's)
        for place, there in places.items():
            word = re.sub(rf"(?<![\w/]){place}\b", str(there), word)
        return word

    def run(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        words = [self.here(word, service) for word in command]
        environment = self.environment(service)
        return subprocess.run(
            words, cwd=self.app, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    def start(self, service: str, command: list[str]) -> None:
        """Start a command that goes on."""
        self.running[service] = Program(
            name=service,
            command=[self.here(word, service) for word in command],
            log=self.folder / f"{service}.log",
            environment=self.environment(service),
            folder=self.app,
            patience_seconds=60,
        ).start()

    def log(self, service: str) -> str:
        return self.running[service].program.log.read_text()

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """Ask as the proxy does, which ends TLS."""
        said = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", **headers}
        body = None if form is None else urlencode(form)
        if body is not None:
            said |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("GET" if form is None else "POST", path, body=body, headers=said)
            answer = connection.getresponse()
            return Answer(answer.status, answer.msg, answer.read().decode())

    def answers(self) -> bool:
        try:
            return self.ask("/readyz").status == 200
        except OSError:
            return False


@pytest.fixture
def container(app: Path, tmp_path: Path, mail_server: MailServer, transactional_db: None) -> Iterator[Container]:
    (tmp_path / "static").mkdir()
    variables = {
        "DATABASE_URL": database_url(),
        "REDIS_URL": os.environ["REDIS_URL"],
        "EMAIL_URL": mail_server.url,
        "SECRET_KEY": "only-for-this-test-" * 4,
        "BASE_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "MAIL_FROM": f"GKEC <no-reply@{HOST}>",
        "MAIL_SWEEP_SECONDS": "2",
    }
    found = Container(app, tmp_path, variables)
    yield found
    for child in found.running.values():
        child.kill()


def test_what_is_installed_is_whole_and_nothing_more(app: Path) -> None:
    places = [str(path.relative_to(app)) for path in (app / ".venv").rglob("*")]
    for name in ("gunicorn", "celery"):
        assert f".venv/bin/{name}" in places
    left = [place for place in places if re.search(r"/(pip|uv|pytest|ruff)/__init__\.py$|/tests/|\.po$", place)]
    assert left == []
    assert not (app / "tests").exists()
    manifest = json.loads((app / "var" / "static" / "staticfiles.json").read_text())
    assert re.fullmatch(r"css/site\.[0-9a-f]{12}\.css", manifest["paths"]["css/site.css"])
    for language in ("fr", "es", "pt", "ar"):
        assert (app / "locale" / language / "LC_MESSAGES" / "django.mo").is_file()


def test_what_is_installed_is_no_larger_than_it_was_when_last_weighed(app: Path) -> None:
    # Each machine fetches it with each release. What makes it larger should be worth it: weigh it, then raise the bound.
    weighed = {}
    for place in (".venv", "var/static"):
        found = [path.lstat().st_size for path in (app / place).rglob("*") if path.is_file() and not path.is_symlink()]
        weighed[place] = sum(found) / 1_000_000
    assert weighed[".venv"] > 250, weighed
    assert sum(weighed.values()) < 310, weighed


def register(container: Container, path: str) -> Answer:
    """Open the form as a browser does, and send it."""
    page = container.ask(path)
    cookies = "; ".join(one.partition(";")[0] for one in page.headers.get_all("Set-Cookie", []))
    token = TOKEN.search(page.text)
    assert token is not None, page
    form = {**make.form_data(), "email": "ana@city.example", "csrfmiddlewaretoken": token.group(1)}
    return container.ask(path, form, Cookie=cookies)


def assert_pages_are_served(container: Container) -> None:
    assert container.ask("/healthz").text == "ok\n"
    assert json.loads(container.ask("/readyz").text) == {"database": "ok", "cache": "ok", "broker": "ok"}
    assert container.ask("/en/", **{"X-Forwarded-Proto": "http"}).headers["Location"] == f"https://{HOST}/en/"
    home = container.ask("/en/")
    assert home.status == 200
    (style,) = re.findall(r'<link rel="stylesheet" href="(/static/css/site\.[0-9a-f]{12}\.css)"', home.text)
    answer = container.ask(style)
    assert (answer.status, answer.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
    assert "immutable" in answer.headers["Cache-Control"]
    # The same file lies where compose's proxy looks for it.
    assert (container.folder / "static" / style.removeprefix("/static/")).read_text() == answer.text


def test_the_installed_site_serves_registers_and_mails_and_writes_nothing_beside_itself(
    container: Container, mail_server: MailServer, app: Path
) -> None:
    before = state(app)
    check: list[str] = json.loads(arguments("HEALTHCHECK")[0].split("CMD ", 1)[1])
    for words in (compose()["migrate"]["command"], ["python", "manage.py", "found_site"]):
        done = container.run("migrate", *words)
        assert done.returncode == 0, done.stderr
    assert container.run("web", *check).returncode == 1
    container.start("web", json.loads(arguments("CMD")[0]))
    assert wait_until(container.answers, child=container.running["web"], seconds=PATIENCE), container.log("web")
    for service in CELERY:
        container.start(service, compose()[service]["command"])
    assert_pages_are_served(container)

    event = make.event()
    assert register(container, f"/en/events/{event.slug}/register/").status == 303
    (mail,) = [one.message for one in mail_server.wait_for(1, seconds=PATIENCE)]
    assert (mail["To"], mail["From"]) == ("ana@city.example", f"GKEC <no-reply@{HOST}>")
    links = re.findall(rf"https://{HOST}/\S+", mail.get_body(("plain",)).get_content())
    assert container.ask(urlsplit(links[0]).path).status == 200

    swept = Heartbeat.objects.filter(name="mail.tasks.sweep", outcome="done")
    assert wait_until(swept.exists, seconds=PATIENCE), container.log("beat") + container.log("worker-default")
    for service in ("web", *CELERY):
        done = container.run(service, *check)
        assert (done.returncode, done.stderr) == (0, ""), service
    assert_all_end_when_asked(container)
    assert container.run("web", *check).returncode == 1
    assert state(app) == before


def assert_all_end_when_asked(container: Container) -> None:
    for child in container.running.values():
        child.ask_to_stop()
    for name, child in container.running.items():
        assert child.process.wait(PATIENCE) == 0, container.log(name)[-2000:]
    # Said as the image says it, one object a line, and without the visitor's address.
    lines = [json.loads(line) for line in container.log("web").splitlines()]
    assert any("GET /healthz 200" in line["message"] for line in lines)
    assert "192.0.2.7" not in container.log("web")
