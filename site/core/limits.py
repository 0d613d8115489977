"""Limits on how often something may be asked, counted in the shared cache for all processes together."""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core import clock, valkey

# Shown with a form that comes back as it was sent.
TOO_OFTEN = _("That was too often. Wait a while, then send the form again: what you typed is kept.")

_breaker = valkey.Breaker()

# The network of a request that does not tell where it came from.
UNKNOWN = "unknown"

# A household or an office keeps its network longer than its address.
NETWORK_PREFIX = {4: 32, 6: 64}

# Counts one more under each key. A script, since a key whose end was not set would be counted for ever.
COUNT = """
local counts = {}
for place, key in ipairs(KEYS) do
  counts[place] = redis.call('INCR', key)
  redis.call('EXPIRE', key, ARGV[place])
end
return counts
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `number` in each window of `seconds`; `name` keeps the counts of different doors apart."""

    name: str
    number: int
    seconds: int


def exceeded(asked: Iterable[tuple[Limit, str]]) -> Limit | None:
    """Count one more for each (limit, subject) and return the first limit that is now passed, or None.

    One round trip. Subjects are kept as digests only. Without the cache nothing is limited: a registration must not
    be lost because the counter is down.
    """
    pairs = list(asked)
    counts = _breaker.call(lambda: _count(pairs), otherwise=[0] * len(pairs))
    return next((limit for (limit, _subject), count in zip(pairs, counts, strict=True) if count > limit.number), None)


def slowed(response: HttpResponse, limit: Limit) -> HttpResponse:
    """Turn the answer into one that says that this was too often, and after what time it no longer is."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response["Retry-After"] = str(limit.seconds)
    return response


def network(request: HttpRequest) -> str:
    """Return the network a request came from: an IPv4 address, or a /64 in IPv6; UNKNOWN where it is not told.

    Forwarded addresses are believed as far as proxies of ours wrote them (ALLAUTH_TRUSTED_PROXY_COUNT).
    """
    try:
        address = ipaddress.ip_address(get_client_ip(request) or "")
    except ValueError:
        return UNKNOWN
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, NETWORK_PREFIX[address.version]), strict=False))


def _count(pairs: list[tuple[Limit, str]]) -> list[int]:
    now = int(clock.now().timestamp())
    keys = [f"limit:{limit.name}:{_digest(subject)}:{now // limit.seconds}" for limit, subject in pairs]
    return _script()(keys=keys, args=[limit.seconds for limit, _subject in pairs])


def _digest(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()[:32]


@lru_cache(maxsize=1)
def _script() -> Any:
    return valkey.client().register_script(COUNT)
