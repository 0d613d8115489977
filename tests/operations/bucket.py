"""A bucket in this process that speaks as much of S3 as django-storages asks for: list, put, read, ask, delete."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

# What one answer to a listing names at most.
A_LIST = 2


@dataclass
class Bucket:
    """`objects` is what lies in it, by name; `headers` are those with which each was put there."""

    name: str
    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listed(self, prefix: str, after: str) -> str:
        """Return the answer to a listing with "/" between folders: a few names behind `after`, as a real one 1,000."""
        rest = {name[len(prefix) :] for name in self.objects if name.startswith(prefix)}
        names = sorted({prefix + one.partition("/")[0] + "/" * ("/" in one) for one in rest})
        ahead = [name for name in names if name > after]
        shown, is_cut = ahead[:A_LIST], len(ahead) > A_LIST
        found = "".join(_entry(name, is_folder=name.endswith("/")) for name in shown)
        found += f"<NextMarker>{escape(shown[-1])}</NextMarker>" if is_cut else ""
        return f"<ListBucketResult><IsTruncated>{str(is_cut).lower()}</IsTruncated>{found}</ListBucketResult>"


def _entry(name: str, *, is_folder: bool) -> str:
    if is_folder:
        return f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
    return f"<Contents><Key>{escape(name)}</Key><Size>1</Size></Contents>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    bucket: Bucket


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # As in tests/services/mailapi.py.
    disable_nagle_algorithm = True

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{self.server.bucket.name}").removeprefix("/")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 10:00:00 GMT")
        self.send_header("ETag", '"0"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        if not self._key():
            asked = parse_qs(urlsplit(self.path).query)
            prefix, after = (asked.get(name, [""])[0] for name in ("prefix", "marker"))
            self._answer(200, self.server.bucket.listed(prefix, after).encode())
        elif self._key() in self.server.bucket.objects:
            self._answer(200, self.server.bucket.objects[self._key()])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_HEAD = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        self.server.bucket.objects[self._key()] = self._body()
        self.server.bucket.headers[self._key()] = {name.lower(): value for name, value in self.headers.items()}
        self._answer(200)

    def do_DELETE(self) -> None:
        self.server.bucket.objects.pop(self._key(), None)
        self._answer(204)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Content-Encoding", "") + self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def running_bucket(name: str) -> Iterator[Bucket]:
    """Serve a bucket from threads of this process."""
    bucket = Bucket(name)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.bucket, bucket.port = bucket, server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield bucket
        server.shutdown()
