"""An SMTP server that follows a script: it refuses, breaks off or hangs at the very step that a test names."""

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import environ
import pytest

CLOSE = "close"
HANG = "hang"
# A reply without an end, byte by byte; not for ever, so that who listens to the end is found out.
DRIP = "drip"
DRIP_SECONDS = 5
STEPS = ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "MIDDLE", "END")


@dataclass
class ScriptedServer:
    """`script[step]` (or `script[step, recipient]`) is a reply such as "451 later", CLOSE, HANG or DRIP.

    MIDDLE is after the first half of the data, END after the final dot. With `keeps` the message is taken before
    END's action, which is what makes an answer that never comes dangerous. `accepted` is the log.
    """

    pipelining: bool = True
    keeps: bool = False
    # Some servers answer DATA with 354 although they refused every recipient (RFC 2920 allows it).
    asks_anyway: bool = False
    script: dict[str | tuple[str, str], str | list[str]] = field(default_factory=dict)
    accepted: list[tuple[str, str, bytes]] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    on_data: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        self.is_over = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def recipients(self) -> Counter[str]:
        """Count what was taken by address."""
        return Counter(recipient for recipient, _message_id, _content in self.accepted)

    def message_ids(self, recipient: str) -> list[str]:
        """Return the Message-IDs of what was taken for one address, in order."""
        return [message_id for one, message_id, _content in self.accepted if one == recipient]

    def stop(self) -> None:
        self.is_over.set()
        with contextlib.suppress(OSError):
            # Closing alone leaves the port open for as long as a thread waits in accept.
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                # Each reply leaves by itself: the next would wait 40 ms until the one before is known to have come.
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, _Over), client:
            _Conversation(self, client).run()

    def action(self, step: str, recipient: str = "") -> str:
        """Return what to do now; a list is used up from its front, then everything goes well."""
        for name in ((step, recipient), step):
            found = self.script.get(name)
            if isinstance(found, list):
                if found:
                    return found.pop(0)
            elif found:
                return found
        return ""


class _Over(Exception):
    """The conversation is to end."""


class _Conversation:
    def __init__(self, server: ScriptedServer, client: socket.socket) -> None:
        self.server = server
        self.client = client
        self.file = client.makefile("rb")
        self.recipient = ""
        self.has_sender = False

    def run(self) -> None:
        verbs = {
            "EHLO": self.ehlo,
            "HELO": self.ehlo,
            "AUTH": lambda _command: self.answer("AUTH", "235 OK"),
            "MAIL": self.mail,
            "RCPT": self.rcpt,
            "DATA": self.data,
            "QUIT": self.quit,
        }
        self.answer("CONNECT", "220 script ESMTP")
        while line := self.file.readline():
            command = line.decode().strip()
            self.server.commands.append(command)
            verb = command.split(" ", maxsplit=1)[0].upper()
            verbs.get(verb, lambda _command: self.send("250 OK"))(command)

    def ehlo(self, command: str) -> None:
        extra = "250-PIPELINING\r\n" if self.server.pipelining else ""
        self.answer("EHLO", f"250-script\r\n{extra}250 SIZE 1000000000")

    def mail(self, command: str) -> None:
        self.recipient = ""
        self.has_sender = self.answer("MAIL", "250 OK")

    def rcpt(self, command: str) -> None:
        if not self.has_sender:
            self.send("503 MAIL first")
            return
        self.recipient = command.partition("<")[2].rstrip(">")
        if not self.answer("RCPT", "250 OK"):
            self.recipient = ""

    def quit(self, command: str) -> None:
        self.send("221 bye")
        raise _Over

    def data(self, command: str) -> None:
        if not self.recipient:
            if self.server.asks_anyway:
                self.send("354 go on")
                self.lines()
            self.send("554 no valid recipients")
        elif self.answer("DATA", "354 go on"):
            lines = self.lines()
            if self.server.on_data is not None:
                self.server.on_data(self.recipient)
            action = self.server.action("END", self.recipient)
            if self.server.keeps or not action or action[0] == "2":
                self.take(lines)
            self.act(action, "250 taken")

    def lines(self) -> list[bytes]:
        lines: list[bytes] = []
        while (line := self.file.readline()) != b".\r\n":
            lines.append(line)
            # A message without its final dot is none (RFC 5321, 4.1.1.4).
            if not line or (len(lines) == 3 and self.server.action("MIDDLE", self.recipient)):
                raise _Over
        return lines

    def take(self, lines: list[bytes]) -> None:
        found = next((line for line in lines if line.lower().startswith(b"message-id:")), b"")
        message_id = found.partition(b":")[2].strip().decode()
        self.server.accepted.append((self.recipient, message_id, b"".join(lines)))

    def answer(self, step: str, usual: str) -> bool:
        return self.act(self.server.action(step, self.recipient), usual)

    def act(self, action: str, usual: str) -> bool:
        if action == CLOSE:
            raise _Over
        if action == HANG:
            while not self.server.is_over.wait(0.05):
                pass
            raise _Over
        if action == DRIP:
            self.drip()
        self.send(action or usual)
        if action.startswith("421"):
            raise _Over
        return not action or action[0] in "23"

    def drip(self) -> None:
        for byte in b"2" + b"5" * (DRIP_SECONDS * 20):
            self.client.sendall(bytes([byte]))
            if self.server.is_over.wait(0.05):
                break
        raise _Over

    def send(self, text: str) -> None:
        self.client.sendall(text.encode() + b"\r\n")


@pytest.fixture
def scripted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., ScriptedServer]]:
    """Start servers that follow a script; this process and those started later send to the last one."""
    servers: list[ScriptedServer] = []

    def start(**options: Any) -> ScriptedServer:
        server = ScriptedServer(**options)
        servers.append(server)
        settings.MAIL_SERVER = dict(environ.Env.email_url_config(server.url))
        monkeypatch.setenv("EMAIL_URL", server.url)
        return server

    yield start
    for server in servers:
        server.stop()
