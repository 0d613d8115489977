"""Values that hold until anything readers see has changed, kept in each process.

Every purge gives the page cache a new epoch, after the commit of what caused it. A value computed in an epoch that was
read before it is therefore never older than the pages that were rendered from it, and a page rendered across a purge
is not kept (see pagecache/store.py).
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from uuid import uuid4

from django.http import HttpRequest

from core import valkey
from core.kept import Kept

Value = TypeVar("Value")

KEY = "gkec:pages:epoch"
# Bounds what a change that told nobody, such as an update by hand, leaves behind.
SECONDS = 60

_breaker = valkey.Breaker()
_kept: Kept[Any] = Kept(seconds=SECONDS, size=1024)


def kept(
    request: HttpRequest | None,
    key: Hashable,
    compute: Callable[[], Value],
    *,
    worth: Callable[[Value], bool] = lambda value: value is not None,
) -> Value:
    """Return what `compute` gave in this epoch, or compute it; anew each time while Valkey is away or in a preview.

    For what is the same for every reader, and never changed by who receives it. Only what is `worth` its place is kept.
    """
    epoch = of(request) if request is not None else None
    if not epoch:
        return compute()
    found = _kept.peek((epoch, key))
    if found is not None:
        return found
    value = compute()
    if worth(value):
        _kept.put((epoch, key), value)
    return value


def of(request: HttpRequest) -> str | None:
    """Return the epoch in which this request is answered, read once; None while Valkey is away or in a preview."""
    if getattr(request, "is_dummy", False):
        return None
    if not hasattr(request, "_epoch"):
        begin(request, _breaker.call(current, otherwise=None))
    return request._epoch


def begin(request: HttpRequest, epoch: str | None) -> None:
    """Note the epoch in which a request is answered."""
    request._epoch = epoch


def current() -> str:
    """Return the epoch that Valkey holds, a new one if it has lost its memory."""
    client = valkey.client()
    found = client.get(KEY)
    if found is None:
        client.set(KEY, uuid4().hex, nx=True)
        found = client.get(KEY)
    return (found or b"").decode()


def forget() -> None:
    """Drop what this process keeps; called as soon as something changes here, before its commit."""
    _kept.clear()
