"""Requests over HTTP that end by one deadline: connecting, sending, and each byte of the answer.

requests and urllib3 know limits for one silence alone; with several addresses, redirects, or an answer that comes byte
by byte, each silence would have its own, and a hand-over could outlast its lease.
"""

import http.client
import io
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationParseError, NewConnectionError

from mail.deadlines import Deadline, Voice, connected, send

Pools = Mapping[str, Callable[..., HTTPConnectionPool]]


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, left: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        voice = Voice(sock, left)
        self.fp.close()
        self.fp = io.BufferedReader(voice)


class Timed(HTTPConnection):
    """urllib3's connection, each step of which ends with the time that is left."""

    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = deadline.left
        self.response_class = partial(_Answer, left=self._left)  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        try:
            sock = connected(self._dns_host, self.port, self._left)
        except UnicodeError as problem:
            raise LocationParseError(f"{self.host!r} is no name of a server.") from problem
        except OSError as problem:
            # Whether it was the name, the time or the server: nothing has left.
            raise NewConnectionError(self, f"Failed to establish a new connection: {problem}") from problem
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        return sock

    def send(self, data: Any) -> None:
        """Send what urllib3 hands over, which is bytes, whatever it was given."""
        if self.sock is None:
            self.connect()
        send(self.sock, data, self._left)


class TimedTls(Timed, HTTPSConnection):
    """The same over TLS."""


def pools(deadline: Deadline, *, plain: type[Timed] = Timed, tls: type[Timed] = TimedTls) -> Pools:
    """Return what makes urllib3's pools, of such connections."""
    return {
        "http": partial(_pool, HTTPConnectionPool, partial(plain, deadline=deadline)),
        "https": partial(_pool, HTTPSConnectionPool, partial(tls, deadline=deadline)),
    }


def _pool(kind: type[HTTPConnectionPool], connection: Any, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
    pool = kind(*args, **kwargs)
    pool.ConnectionCls = connection
    return pool


class _Adapter(HTTPAdapter):
    def __init__(self, made: Pools) -> None:
        self._made = made
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._time(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        manager = super().proxy_manager_for(proxy, **kwargs)
        # One for SOCKS has connections of its own.
        if isinstance(manager, ProxyManager):
            self._time(manager)
        return manager

    def _time(self, manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = self._made  # type: ignore[assignment]


def hold(backend: Any, deadline: Deadline) -> None:
    """Let whatever an open backend of anymail asks through requests end by the deadline."""
    session = getattr(backend, "session", None)
    if isinstance(session, Session):
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(pools(deadline)))
