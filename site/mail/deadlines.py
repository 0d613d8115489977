"""One deadline for all that a hand-over does on the network: a socket's own limit begins anew with each byte.

What cannot be bounded from within is the look-up of a server's name, which the system's resolver makes. Whoever comes
back from it too late connects to nobody.
"""

import io
import socket
import time
from collections.abc import Callable

Left = Callable[[], float]


class Deadline:
    """The moment at which a hand-over ends; until then no single silence lasts longer than the patience."""

    def __init__(self, *, patience: float) -> None:
        self.patience = patience
        self._ends_at = 0.0

    def begin(self, *, seconds: float) -> None:
        """Let what begins now end in so many seconds."""
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        """Return how long the next step may take; nothing or less once the time is up."""
        return min(self.patience, self._ends_at - time.monotonic())


class Voice(io.RawIOBase):
    """What a server says, as long as there is time left."""

    def __init__(self, sock: socket.socket, left: Left) -> None:
        self._sock = sock
        self._left = left
        # It keeps the connection from being closed for as long as something of it may be read.
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        bound(self._sock, self._left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def bound(sock: socket.socket, seconds: float) -> None:
    """Let the next step on a connection take so long; raises TimeoutError where no time is left for it."""
    if seconds <= 0:
        raise TimeoutError("timed out")
    sock.settimeout(seconds)


def connected(host: str, port: int, left: Left) -> socket.socket:
    """Connect to the first of the server's addresses that answers, leaving each of the others its share."""
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    for others, (family, kind, protocol, _name, place) in zip(range(len(found))[::-1], found, strict=True):
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family, kind, protocol)
            bound(sock, left() / (others + 1))
            sock.connect(place)
            bound(sock, left())
        except OSError:
            if sock is not None:
                sock.close()
            if not others:
                raise
        else:
            return sock
    raise OSError("The server's name has no address.")


def send(sock: socket.socket, data: bytes | memoryview, left: Left) -> None:
    """Send all of it as long as there is time left; over TLS `sendall` gives each record the whole time anew."""
    rest = memoryview(data)
    while rest:
        bound(sock, left())
        rest = rest[sock.send(rest) :]
