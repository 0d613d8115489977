"""Requests to stop, noticed between steps so that no child is started and then forgotten."""

import signal
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Somebody pressed Ctrl-C or asked this process to end."""


class _State:
    is_asked = False


def listen() -> None:
    """Take note of Ctrl-C, SIGTERM and SIGHUP from now on."""

    def note(_number: int, _frame: FrameType | None) -> None:
        _State.is_asked = True

    for number in ASKING:
        signal.signal(number, note)


def check() -> None:
    """Raise StopAsked, once, when a request has come in."""
    if _State.is_asked:
        _State.is_asked = False
        raise StopAsked
