"""Pages against a bare Django view of the same bytes: from the page cache and without it; and what each asks of SQL.

The load generator shares the two cores, so beside the rates stands the processor time of the workers for each answer,
which other load on the machine moves less.
"""

import http.client
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks import load, servers
from benchmarks.measure import compare

SECONDS = 3.0
CONNECTIONS = 8
CACHED_BAR = 0.7
UNCACHED_BAR = 0.06
MOST_STATEMENTS = 20
MOST_LESSON_STATEMENTS = 15
# A name that no page understands: the page cache lets the request pass.
PAST_THE_CACHE = "?bench=1"

Line = dict[str, Any]


@dataclass
class Server:
    """A server under load; `cpu_ms` is what its processes spent for each answer, run by run."""

    port: int
    path: str
    cpu_ms: list[float]
    sizes: set[int]

    def rate(self) -> float:
        """Load the server for some seconds and return its answers a second."""
        before = self._cpu_seconds()
        answers = load.hammer(self.port, self.path, seconds=SECONDS, connections=CONNECTIONS)
        if answers.statuses != {200}:
            raise AssertionError(f"{self.path} answered {sorted(answers.statuses)}.")
        self.cpu_ms.append(1000 * (self._cpu_seconds() - before) / answers.count)
        self.sizes |= answers.body_bytes
        return answers.rate

    def _cpu_seconds(self) -> float:
        mine = f"127.0.0.1:{self.port}"
        found = [one for one in psutil.Process().children(recursive=True) if mine in one.cmdline()]
        return sum(times.user + times.system for times in (one.cpu_times() for one in found))


def run(folder: Path) -> Iterator[Line]:
    """Yield one line for each page and way, then one for the statements of each page type."""
    pages = addresses()
    with servers.serving("gkec.wsgi:application", log=folder / "web.log", environment=site(), ready="/healthz") as port:
        for name in ("home", "event"):
            yield from _against_bare(name, pages[name], port, folder)
    yield from statements(pages)


def site() -> dict[str, str]:
    """Return the environment of the site's workers: the demo's settings, whatever port they get."""
    return {"DJANGO_SETTINGS_MODULE": "gkec.settings.demo", "ALLOWED_HOSTS": "127.0.0.1"}


def addresses() -> dict[str, str]:
    """Return the address of one page of each type, by the type's name."""
    from wagtail.models import Locale

    from core.sitemap import listed_types

    english = Locale.objects.get(language_code="en")
    found = {}
    for model in listed_types():
        page = model.objects.live().public().filter(locale=english, alias_of__isnull=True).order_by("path").first()
        if page is not None:
            name = model.__name__.removesuffix("Page").lower()
            found[{"webinar": "event"}.get(name, name)] = page.get_url()
    return found


def _against_bare(name: str, path: str, port: int, folder: Path) -> Iterator[Line]:
    body = folder / f"{name}.html"
    body.write_bytes(_fetch(port, path))
    environment = {"BENCH_BODY": str(body)}
    with servers.serving("benchmarks.bare:application", log=folder / "bare.log", environment=environment) as bare:
        for way, query, bar in (("cached", "", CACHED_BAR), ("uncached", PAST_THE_CACHE, UNCACHED_BAR)):
            floor, mine = Server(bare, "/", [], set()), Server(port, path + query, [], set())
            measured = compare(floor.rate, mine.rate)
            floor_ms, mine_ms = statistics.median(floor.cpu_ms), statistics.median(mine.cpu_ms)
            yield {
                "name": f"page_{name}_{way}",
                "unit": "answers/s",
                **measured,
                "bar": bar,
                "cpu_ms": round(mine_ms, 3),
                "floor_cpu_ms": round(floor_ms, 3),
                "cpu_ratio": round(floor_ms / mine_ms, 3),
                "bytes": max(mine.sizes),
                "floor_bytes": max(floor.sizes),
            }


def statements(pages: dict[str, str]) -> Iterator[Line]:
    """Yield how many statements a page of each type asks of the database past the cache: once all is warm, and cold.

    Cold is what the first reader after a change pays, who finds nothing kept of what others were shown.
    """
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from core import epochs

    lessons = ("course", "module", "unit")
    for name, path in sorted({**pages, "search": "/en/search/?q=city"}.items()):
        address = path + (PAST_THE_CACHE if "?" not in path else "&bench=1")
        client = Client(headers={"host": "127.0.0.1"})
        client.get(address)
        bar = MOST_LESSON_STATEMENTS if name in lessons else MOST_STATEMENTS
        for way in ("", "_cold"):
            if way:
                epochs.forget()
            with CaptureQueriesContext(connection) as queries:
                status = client.get(address).status_code
            yield {
                "name": f"sql_{name}{way}",
                "figure": len(queries),
                "unit": "statements",
                "status": status,
                "bar": bar,
                # There is no raw way to ask a database as often: what a page may ask is its limit.
                "floor": bar,
                "floor_is": "the bar: the most that such a page may ask",
            }


def _fetch(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection.getresponse().read()
