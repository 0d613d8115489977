"""The site and its services as one stack: what is started, in which order, and what a person is told."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import redis

from gkec.devstack import forks
from gkec.devstack.errors import Refusal
from gkec.devstack.folders import Folders, Lock
from gkec.devstack.forks import ForkedProgram
from gkec.devstack.marks import marks_of
from gkec.devstack.options import ROOT, Options
from gkec.devstack.postgres import Postgres
from gkec.devstack.prepare import Preparation
from gkec.devstack.processes import Program, wait_until
from gkec.devstack.supervisor import PlainService, Supervisor
from gkec.devstack.valkey import Valkey, free_port

READY_SECONDS = 90
PEOPLE = ("admin", "editor", "moderator", "coordinator", "learner")
PASSWORD = "gkec-demo"  # noqa: S105  (the demo's, printed for everybody to see)
# Bulk mail has a worker of its own, so that a campaign never holds up a confirmation.
WORKERS = {"worker": ("transactional,default", 2), "worker-bulk": ("bulk", 1)}


class Stack:
    """Everything that `make demo` runs."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self.say = say
        self.folders = Folders(options.var)
        self.supervisor = Supervisor(say)
        self.lock = Lock(self.folders.run / "devstack.pid")
        self.web_socket: socket.socket | None = None

    def run(self) -> None:
        """Start all, say where it is, and look after it until somebody asks to stop."""
        began = time.monotonic()
        self.folders.prepare()
        self.lock.take()
        if self.lock.abandoned_by:
            self.say(f"The last run (process {self.lock.abandoned_by}) was killed; its pid file is replaced.")
        self.web_socket = listening_place(self.options.bind, self.options.port)
        self.say("GKEC is starting; Ctrl-C stops it.")
        environment = self._start_services()
        Preparation(self.folders, environment, self.say).run()
        forks.load(environment)
        forks.load_routes()
        self._start_web(environment)
        self._wait_until_ready()
        # After the site, not beside it: people wait for the site.
        self._start_workers(environment)
        self._introduce(time.monotonic() - began)
        self.supervisor.watch()

    def _start_services(self) -> dict[str, str]:
        options, folders = self.options, self.folders
        database_url, redis_url, email_url = options.database_url, options.redis_url, options.email_url
        self._check_given_servers()
        if not database_url:
            postgres = Postgres(folders.postgres, folders.log_of("postgres"))
            self.supervisor.start(postgres)
            database_url = postgres.url
        if not redis_url:
            valkey = Valkey(folders.valkey, folders.log_of("valkey"))
            self.supervisor.start(valkey)
            redis_url = valkey.url
        if not email_url:
            port = free_port()
            email_url = f"smtp://127.0.0.1:{port}"
            command = [sys.executable, "-m", "gkec.devstack.catcher"]
            command += ["--port", str(port), "--maildir", str(folders.mail)]
            self.supervisor.start(PlainService(Program(command=command, **self._child("mail", os.environ))))
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "gkec.settings.demo",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "EMAIL_URL": email_url,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or folders.secret_key(),
            "BASE_URL": options.base_url,
            "BIND": options.bind,
            "PORT": str(options.port),
            "VAR_DIR": str(options.var),
            "PYTHONUNBUFFERED": "1",
        }

    def _check_given_servers(self) -> None:
        """Refuse before anything is started when a server that we were told of does not answer."""
        if self.options.redis_url:
            check_redis(self.options.redis_url)
        if self.options.database_url:
            with marks_of(self.options.database_url):
                pass

    def _child(self, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
        """Return what is the same for all children that are Python."""
        return {
            "name": name,
            "log": self.folders.log_of(name),
            "environment": dict(environment),
            "folder": ROOT,
            # Whoever survives us would hold the port or work on: killed children leave rows, not losses.
            "death_signal": signal.SIGKILL,
        }

    def _start_web(self, environment: dict[str, str]) -> None:
        assert self.web_socket is not None
        descriptor = self.web_socket.fileno()
        config = Path(__file__).with_name("gunicorn_conf.py")
        command = ["gunicorn", "--config", str(config), "gkec.wsgi:application"]
        child = self._child("web", {**environment, "GKEC_WEB_SOCKET": str(descriptor)})
        self.supervisor.start(PlainService(ForkedProgram(command=command, keep_open=[descriptor], **child)))

    def _start_workers(self, environment: dict[str, str]) -> None:
        celery = ["celery", "-A", "gkec.devstack.tied_celery"]
        for name, (queues, concurrency) in WORKERS.items():
            command = [*celery, "worker", "-n", f"{name}@%h", "-Q", queues, "-c", str(concurrency), "-l", "INFO"]
            command += ["--without-gossip", "--without-mingle"]
            self.supervisor.start(PlainService(ForkedProgram(command=command, **self._child(name, environment))))
        schedule = str(self.folders.run / "beat-schedule")
        command = [*celery, "beat", "--schedule", schedule, "--pidfile", "", "-l", "INFO"]
        self.supervisor.start(PlainService(ForkedProgram(command=command, **self._child("beat", environment))))

    def _wait_until_ready(self) -> None:
        children = [record.service.child for record in self.supervisor.records]
        started = [child for child in children if child is not None]

        def is_settled() -> bool:
            return not all(child.is_running() for child in started) or self._is_ready()

        is_in_time = wait_until(is_settled, seconds=READY_SECONDS, pause=0.1)
        for child in started:
            if not child.is_running():
                reason = f"{child.how_it_ended()}, see {child.program.log}"
                raise Refusal(f"{child.name} did not start ({reason}): {child.last_words()}.")
        if not is_in_time:
            where = self.folders.log_of("web")
            raise Refusal(f"The site did not become ready within {READY_SECONDS} s (see {where}).")

    def _is_ready(self) -> bool:
        host = f"[{self.options.bind}]" if ":" in self.options.bind else self.options.bind
        request = urllib.request.Request(f"http://{host}:{self.options.port}/readyz", headers={"Host": "localhost"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  (our own loopback address)
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _introduce(self, seconds: float) -> None:
        base = self.options.base_url.rstrip("/")
        self.say(f"\nReady after {seconds:.1f} s.\n")
        self.say(f"  {base + '/':<36} the site")
        self.say(f"  {base + '/admin/':<36} the editors' side (Wagtail)")
        self.say(f"  {base + '/dev/inbox/':<36} every mail that was sent")
        self.say(f"\nSign in with the password {PASSWORD} as")
        for person in PEOPLE:
            self.say(f"  {person}@gkec.example")
        self.say(f"\nWhat each process says is in {self.folders.log}. Ctrl-C stops everything.\n")

    def stop(self) -> None:
        """Stop whatever was started; safe at any moment."""
        self.supervisor.stop_all()
        if self.web_socket is not None:
            self.web_socket.close()
        self.lock.release()


def listening_place(bind: str, port: int) -> socket.socket:
    """Take the port before anything else is started, and keep it while the site restarts."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    place = socket.socket(family)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((bind, port))
    except PermissionError:
        raise Refusal(f"Port {port} may not be used without more rights: choose another with PORT=8001.") from None
    except OSError as problem:
        reason = (problem.strerror or "unknown").lower()
        raise Refusal(f"Port {port} of {bind} cannot be used ({reason}): choose another with PORT=8001.") from None
    return place


def check_redis(url: str) -> None:
    """Refuse to start when the given broker does not answer; the address may hold a password, so it is not shown."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as problem:
        raise Refusal(f"The broker in REDIS_URL does not answer: {str(problem).rstrip('.')}.") from None
