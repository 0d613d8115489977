"""Requests to stop, noticed between steps so that no child is started and then forgotten."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Somebody pressed Ctrl-C or asked this process to end."""


class _State:
    is_asked = False
    is_at_once = False


def listen() -> None:
    """Take note of Ctrl-C, SIGTERM and SIGHUP from now on."""

    def note(_number: int, _frame: FrameType | None) -> None:
        _State.is_asked = True
        if _State.is_at_once:
            raise StopAsked

    for number in ASKING:
        signal.signal(number, note)


def check() -> None:
    """Raise StopAsked, once, when a request has come in."""
    if _State.is_asked:
        _State.is_asked = False
        raise StopAsked


@contextmanager
def at_once() -> Iterator[None]:
    """Let a request end this step wherever it is: only for one that starts and writes nothing."""
    _State.is_at_once = True
    try:
        check()
        yield
    except StopAsked:
        # Noted until here: where a destructor ran just then, Python has told of the exception and gone on.
        _State.is_at_once = _State.is_asked = False
        raise
    finally:
        _State.is_at_once = False
