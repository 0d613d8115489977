"""A small closed-loop load generator: each connection asks again as soon as it has its answer."""

import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Answers:
    """What a run of the generator saw."""

    seconds: float
    count: int = 0
    body_bytes: set[int] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds


def hammer(port: int, path: str, *, seconds: float = 3.0, connections: int = 8) -> Answers:
    """GET `path` over keep-alive connections and count the answers that came within `seconds`.

    Reads the head by hand: http.client would cost more than a cached page. Every answer must carry Content-Length.
    """
    answers = Answers(seconds)
    lock = threading.Lock()
    stop_at = time.monotonic() + seconds
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n"
    ).encode()

    def client() -> None:
        count, sizes, statuses = 0, set(), set()
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        buffer = b""
        while time.monotonic() < stop_at:
            connection.sendall(request)
            while (end := buffer.find(b"\r\n\r\n")) < 0:
                buffer += _receive(connection)
            head = buffer[:end].lower()
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            buffer = buffer[end + 4 :]
            while len(buffer) < length:
                buffer += _receive(connection)
            buffer = buffer[length:]
            count += 1
            sizes.add(length)
            statuses.add(int(head.split(b" ", 2)[1]))
            if b"connection: close" in head:
                connection.close()
                connection, buffer = socket.create_connection(("127.0.0.1", port), timeout=30), b""
        connection.close()
        with lock:
            answers.count += count
            answers.body_bytes |= sizes
            answers.statuses |= statuses

    threads = [threading.Thread(target=client) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(262144)
    if not data:
        raise ConnectionError("The server closed the connection in mid answer.")
    return data
