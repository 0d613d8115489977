"""Real gunicorns under production's configuration on one listening socket, and the visitors that load them."""

import fcntl
import http.client
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from gkec.devstack.processes import Child, wait_until
from tests.services.nursery import Nursery, SiteProgram
from tests.services.worker import environment

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
READY_SECONDS = 60
HIGH_DESCRIPTOR = 500
PATIENCE_SECONDS = 40


def listening_place() -> socket.socket:
    """Listen on a free port, on a descriptor whose number is free in every process."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as place:
        return socket.socket(fileno=fcntl.fcntl(place, fcntl.F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR))


@dataclass
class Site:
    """One address behind which gunicorns follow each other, as behind systemd's socket or a service's address."""

    folder: Path
    nursery: Nursery
    listener: socket.socket = field(default_factory=listening_place)
    servers: list[Child] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def start(self, **variables: str) -> Child:
        """Start one more gunicorn and wait until it serves."""
        number = len(self.servers)
        log = self.folder / f"web-{number}.log"
        command = ["gunicorn", "--config", "python:gkec.gunicorn_conf", "gkec.wsgi:application"]
        bind = f"fd://{self.listener.fileno()}"
        program = SiteProgram(
            name=f"web-{number}",
            command=command,
            log=log,
            environment={**environment(), "WEB_BIND": bind, **variables},
            folder=Path.cwd(),
            keep_open=[self.listener.fileno()],
        )
        server = self.nursery.start(program)
        self.servers.append(server)
        is_up = wait_until(lambda: log.read_text().count("Booting worker") >= 2, child=server, seconds=READY_SECONDS)
        assert is_up, log.read_text()
        return server

    def stop(self) -> None:
        for server in self.servers:
            server.kill()
        self.listener.close()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def ask(port: int, method: str, path: str, form: dict[str, Any] | None = None, cookie: str = "") -> Answer:
    """Make one request on a connection of its own, as a proxy does; a lost one raises OSError or HTTPException."""
    headers = {"Host": "localhost", "Cookie": cookie, "Connection": "close"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request(method, path, body=urlencode(form) if form is not None else None, headers=headers)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read().decode())


def post_form(port: int, path: str, form: dict[str, str]) -> Answer:
    """Open a form as a browser does, and send it."""
    page = ask(port, "GET", path)
    cookie = page.headers["set-cookie"].partition(";")[0]
    token = TOKEN.search(page.text)
    assert token is not None
    return ask(port, "POST", path, {**form, "csrfmiddlewaretoken": token.group(1)}, cookie)


@dataclass
class Crowd:
    """Visitors who do one thing after the other until the end of the block; `met` counts what became of each."""

    acts: list[Callable[[], Answer]]
    met: Counter[str] = field(default_factory=Counter)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Crowd":
        self.threads = [threading.Thread(target=self._live, args=(act,)) for act in self.acts]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)

    def _live(self, act: Callable[[], Answer]) -> None:
        while not self.is_over.is_set():
            try:
                self.met[str(act().status)] += 1
            except (OSError, http.client.HTTPException) as problem:
                self.met[repr(problem)] += 1
