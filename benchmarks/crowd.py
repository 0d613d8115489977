"""Many people registering at once over HTTP: each with a cookie and a form token of their own, fetched beforehand."""

import re
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')
COOKIE = re.compile(rb"set-cookie: ([^;\r]+)", re.IGNORECASE)
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
TIMEOUT = 60


@dataclass
class Rush:
    """What the crowd met: attempts a second, the answers' statuses, and how long each took."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Attempts a second."""
        return len(self.times) / self.seconds


def rush(port: int, path: str, people: list[dict[str, str]], *, clients: int, with_token: bool) -> Rush:
    """Let `clients` keep-alive connections post one form for each of `people` to `path`, all starting together."""
    seen, lock = Rush(), threading.Lock()
    gate = threading.Barrier(clients + 1)

    def client(share: list[dict[str, str]]) -> None:
        connection = _Connection(port)
        token, cookie = connection.form(path) if with_token else ("", "")
        requests = [connection.post(path, {**person, "csrfmiddlewaretoken": token}, cookie) for person in share]
        gate.wait(TIMEOUT)
        # While the others fetched their forms, the server may have hung up on an idle connection.
        connection.dial()
        times: list[float] = []
        statuses: Counter[int] = Counter()
        for request in requests:
            started = time.monotonic()
            statuses[connection.ask(request)[0]] += 1
            times.append(time.monotonic() - started)
        connection.close()
        with lock:
            seen.times += times
            seen.statuses += statuses

    threads = [threading.Thread(target=client, args=(people[n::clients],)) for n in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait(TIMEOUT)
    started = time.monotonic()
    for thread in threads:
        thread.join()
    seen.seconds = time.monotonic() - started
    return seen


class _Connection:
    """One keep-alive connection, read by hand: http.client would cost as much as the answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)

    def dial(self) -> None:
        """Hang up and connect anew."""
        self.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)

    def form(self, path: str) -> tuple[str, str]:
        """Return the token and the cookie of a freshly fetched form."""
        _status, head, body = self.ask(self._head("GET", path) + b"\r\n")
        token, cookie = TOKEN.search(body), COOKIE.search(head)
        if not token or not cookie:
            raise RuntimeError("The form brought no token.")
        return token[1].decode(), cookie[1].decode()

    def post(self, path: str, fields: dict[str, str], cookie: str) -> bytes:
        """Return a request that posts a form."""
        body = urlencode(fields).encode()
        head = self._head("POST", path) + b"Content-Type: application/x-www-form-urlencoded\r\n"
        head += f"Content-Length: {len(body)}\r\n".encode()
        if cookie:
            head += f"Cookie: {cookie}\r\nReferer: http://127.0.0.1:{self.port}{path}\r\n".encode()
        return head + b"\r\n" + body

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send a request and return status, head and body."""
        self.socket.sendall(request)
        buffer = b""
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            buffer += self._receive()
        head, body = buffer[:end], buffer[end + 4 :]
        length = LENGTH.search(head)
        if not length:
            raise RuntimeError("The answer does not say how long it is.")
        while len(body) < int(length[1]):
            body += self._receive()
        if b"connection: close" in head.lower():
            self.dial()
        return int(head.split(b" ", 2)[1]), head, body

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _receive(self) -> bytes:
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("The server closed the connection in mid answer.")
        return data

    def _head(self, method: str, path: str) -> bytes:
        return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: keep-alive\r\n".encode()
