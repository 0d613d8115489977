"""One kept answer: its headers and its bytes, plain and compressed, ready to be sent again."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified

# Written by this module anew for each answer.
OWN_HEADERS = frozenset({"content-length", "etag", "vary", "cache-control"})
# A browser may keep its copy, but asks each time whether it still holds; a purge is seen at once.
CACHE_CONTROL = "max-age=0, must-revalidate"
VARY = "Accept-Encoding"
# Of what a 200 says, a 304 repeats this much (RFC 9110, 15.4.5).
REPEATED_IN_304 = ("Content-Language", "Content-Security-Policy")
# Below this, the compressed form saves no packet.
WORTH_COMPRESSING = 1024
ACCEPTS_GZIP = re.compile(r"(?:^|[,\s])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer with status 200; `gzipped` is empty where compressing is not worth it."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def of(cls, response: HttpResponse) -> "Entry":
        """Return the entry for a rendered answer."""
        body = response.content
        headers = tuple((name, value) for name, value in response.items() if name.lower() not in OWN_HEADERS)
        # No visitor's secret is in a kept page, so compressing it gives nothing away (BREACH).
        gzipped = gzip.compress(body, compresslevel=6, mtime=0) if len(body) >= WORTH_COMPRESSING else b""
        # Weak: the same for the plain and the compressed form.
        return cls(headers, body, gzipped, f'W/"{hashlib.sha256(body).hexdigest()[:20]}"')

    def pack(self) -> bytes:
        """Return the entry as bytes for Valkey."""
        head = json.dumps({"headers": self.headers, "etag": self.etag, "plain": len(self.body)})
        return head.encode() + b"\n" + self.body + self.gzipped

    @classmethod
    def unpack(cls, data: bytes) -> "Entry":
        """Return the entry that `pack` has made."""
        line, _, rest = data.partition(b"\n")
        head = json.loads(line)
        headers = tuple((name, value) for name, value in head["headers"])
        return cls(headers, rest[: head["plain"]], rest[head["plain"] :], head["etag"])

    def response(self, request: HttpRequest) -> HttpResponseBase:
        """Return an answer to this request: 304 when the reader's copy still holds."""
        if self._reader_has_it(request.META.get("HTTP_IF_NONE_MATCH", "")):
            response: HttpResponseBase = HttpResponseNotModified(
                headers={name: value for name, value in self.headers if name in REPEATED_IN_304}
            )
        else:
            response = self._full(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        response.headers["ETag"] = self.etag
        response.headers["Cache-Control"] = CACHE_CONTROL
        response.headers["Vary"] = VARY
        return response

    def _full(self, accepted: str) -> HttpResponse:
        compressed = bool(self.gzipped) and ACCEPTS_GZIP.search(accepted) is not None
        response = HttpResponse(self.gzipped if compressed else self.body)
        for name, value in self.headers:
            response.headers[name] = value
        if compressed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def _reader_has_it(self, header: str) -> bool:
        return bool(header) and (header.strip() == "*" or self.etag in (tag.strip() for tag in header.split(",")))
