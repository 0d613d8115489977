"""A provider that dribbles: a hand-over ends by its one deadline, however slowly somebody speaks or listens."""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import clock
from mail.deadlines import Deadline, send
from mail.kinds import Attachment
from mail.mime import Content, Envelope
from mail.provider import Provider
from mail.transport import Answer, Letter
from tests.services.mailapi import Api

SECONDS = 2
# So long a server that nobody leaves goes on. A hand-over that waits for it ends as late.
LONG = 20
BREVO = "anymail.backends.brevo.EmailBackend"
SES = "anymail.backends.amazon_ses.EmailBackend"
each_library = pytest.mark.parametrize("backend", [BREVO, SES], ids=["requests", "boto3"])
START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Talk = Callable[[socket.socket], None]


def drip(connection: socket.socket, data: bytes) -> None:
    """Say it once and go on with one byte at a time, for as long as anybody listens."""
    connection.sendall(data)
    ends_at = time.monotonic() + LONG
    while time.monotonic() < ends_at:
        connection.sendall(b"x")
        time.sleep(0.05)


def heard(connection: socket.socket) -> None:
    """Hear a request out, as far as its head says how long it is."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += connection.recv(65536)
    head, _mark, body = said.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += connection.recv(65536)


def in_its_status(connection: socket.socket) -> None:
    heard(connection)
    drip(connection, b"HTTP/1.1 200 ")


def in_its_headers(connection: socket.socket) -> None:
    heard(connection)
    drip(connection, START + b"X-Long: ")


def in_its_body(connection: socket.socket) -> None:
    heard(connection)
    drip(connection, START + b"Content-Length: 100000\r\n\r\n")


def by_asking_for_patience(connection: socket.socket) -> None:
    heard(connection)
    ends_at = time.monotonic() + LONG
    while time.monotonic() < ends_at:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.fixture
def served() -> Generator[Callable[..., str]]:
    """Start servers that treat whoever connects in one way; each tells its address."""
    with contextlib.ExitStack() as running:

        def start(talk: Talk, tls: ssl.SSLContext | None = None) -> str:
            listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))

            def listen() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

            def serve(connection: socket.socket) -> None:
                with connection, contextlib.suppress(OSError):
                    if tls is None:
                        talk(connection)
                        return
                    with tls.wrap_socket(connection, server_side=True) as secret:
                        talk(secret)

            threading.Thread(target=listen, daemon=True).start()
            return f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}/"

        yield start


def letter() -> Letter:
    return Letter(
        sender="news@gkec.example",
        recipient="zoe@city.example",
        data=b"",
        envelope=Envelope(
            sender=("GKEC", "news@gkec.example"),
            to=("Zoë", "zoe@city.example"),
            message_id="<abc@gkec.example>",
            language="fr",
            date=clock.now(),
            reply_to="team@gkec.example",
            unsubscribe_url="https://gkec.example/u/abc/",
        ),
        content=Content("Été", "Bonjour\n", "<p>Bonjour</p>", (Attachment("a.pdf", b"%PDF", "application/pdf"),)),
    )


def configure(settings: Any, url: str) -> None:
    key = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    settings.ANYMAIL = {
        "BREVO_API_KEY": "k",
        "BREVO_API_URL": url,
        "AMAZON_SES_CLIENT_PARAMS": {**key, "endpoint_url": url},
    }


def handed_over(backend: str, *letters: Letter, seconds: float = SECONDS) -> tuple[list[Answer], float]:
    """Return the answers, and how long they took to come."""
    with Provider(backend, seconds=seconds) as road:
        road.connect()
        started = time.monotonic()
        answers = road.hand_over(letters)
        return answers, time.monotonic() - started


def outcomes(answers: list[Answer]) -> list[str]:
    return [answer.outcome.value for answer in answers]


@each_library
@pytest.mark.parametrize(
    "talk",
    [
        in_its_headers,
        in_its_body,
        pytest.param(in_its_status, marks=pytest.mark.long),
        pytest.param(by_asking_for_patience, marks=pytest.mark.long),
    ],
    ids=lambda talk: talk.__name__,
)
def test_a_provider_that_answers_byte_by_byte_is_left_when_the_time_is_up(
    settings, served, backend: str, talk: Talk
) -> None:
    configure(settings, served(talk))
    answers, took = handed_over(backend, letter(), letter())
    # Whether it has taken the first, it alone knows.
    assert outcomes(answers) == ["no_answer", "untried"]
    assert SECONDS - 0.1 <= took < LONG / 2


def test_who_listens_slowly_is_left_when_the_time_is_up() -> None:
    deadline = Deadline(patience=SECONDS)
    deadline.begin(seconds=SECONDS)
    ours, theirs = socket.socketpair()
    is_over = threading.Event()

    def listen() -> None:
        ends_at = time.monotonic() + LONG
        while time.monotonic() < ends_at and not is_over.wait(0.02):
            theirs.recv(4096)

    listener = threading.Thread(target=listen, daemon=True)
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        listener.start()
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            send(ours, b"x" * 10_000_000, deadline.left)
        took = time.monotonic() - started
        is_over.set()
        listener.join()
    assert SECONDS - 0.1 <= took < LONG / 2


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return what a server with a certificate that is trusted here speaks TLS by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = clock.of_machine()
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = built.add_extension(here, critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    for library in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(library, str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@each_library
def test_the_time_is_up_over_tls_too(settings, served, trusted: ssl.SSLContext, backend: str) -> None:
    configure(settings, served(in_its_headers, trusted))
    answers, took = handed_over(backend, letter())
    assert outcomes(answers) == ["no_answer"]
    assert SECONDS - 0.1 <= took < LONG / 2


@each_library
def test_mail_leaves_over_tls(settings, trusted: ssl.SSLContext, backend: str) -> None:
    api = Api()
    api.server.socket = trusted.wrap_socket(api.server.socket, server_side=True)
    configure(settings, api.url.replace("http:", "https:"))
    try:
        answers, _took = handed_over(backend, letter(), letter(), seconds=30)
    finally:
        api.stop()
    assert (outcomes(answers), api.requests) == (["accepted"] * 2, 2)


def test_a_proxy_that_lets_through_byte_by_byte_is_left_when_the_time_is_up(
    settings, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", served(in_its_status))
    configure(settings, "https://api.provider.example/")
    answers, took = handed_over(BREVO, letter())
    assert outcomes(answers) == ["no_answer"]
    assert SECONDS - 0.1 <= took < LONG / 2


@contextlib.contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """Yield an address at which whoever comes hears nothing, as behind a firewall."""
    # A queue of one that is full.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        for _n in range(2):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()


@each_library
def test_many_addresses_at_which_nobody_answers_take_no_longer_than_one(
    settings, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    with silent() as place:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)] * 12
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
        configure(settings, "http://api.provider.example/")
        answers, took = handed_over(backend, letter(), letter())
    assert outcomes(answers) == ["unreachable", "untried"]
    assert took < LONG / 2


@each_library
def test_an_address_at_which_nobody_answers_leaves_the_others_their_time(
    settings, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    api = Api()
    with silent() as place:
        places = [place, api.server.server_address]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
        configure(settings, "http://api.provider.example/")
        try:
            answers, _took = handed_over(backend, letter(), seconds=8)
        finally:
            api.stop()
    assert (outcomes(answers), api.requests) == (["accepted"], 1)


@each_library
def test_a_name_that_is_found_when_the_time_is_up_is_not_used_any_more(
    settings, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    api = Api()
    configure(settings, api.url)
    found = socket.getaddrinfo

    def late(*args: Any, **kwargs: Any) -> list:
        time.sleep(1.1)
        return found(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    try:
        answers, _took = handed_over(backend, letter(), seconds=1)
    finally:
        api.stop()
    assert (outcomes(answers), api.requests) == (["unreachable"], 0)
