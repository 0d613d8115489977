"""The id of the request at hand: in every line of the log, in the answer, and in the tasks that it asks for."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

HEADER = "X-Request-ID"
TASK_HEADER = "gkec_request_id"
# What a proxy in front may have given; anything else could forge lines.
_SOUND = re.compile(r"[A-Za-z0-9-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id, or an empty text outside requests and the tasks that they asked for."""
    return _current.get()


def sound(text: str) -> str:
    """Return the id that somebody else gave, or a new one where theirs is missing or unsound."""
    return text if text and _SOUND.fullmatch(text) else secrets.token_hex(16)


@contextmanager
def during(request_id: str) -> Iterator[None]:
    """Let this be the id within the block."""
    token = begin(request_id)
    try:
        yield
    finally:
        end(token)


def begin(request_id: str) -> Token[str]:
    """Let this be the id until `end` is called with what this returns; `during` without its cost."""
    return _current.set(request_id)


def end(token: Token[str]) -> None:
    """Let the id be what it was before `begin`."""
    _current.reset(token)


def enter(request_id: str) -> None:
    """Let this be the id from now on, where no block can be: between two signals of Celery."""
    _current.set(request_id)
