"""Signed addresses of a registered person's own pages, each kind with a salt of its own."""

import uuid
from datetime import timedelta

from core import tokens

SALT = "events.registration"
ERASE_SALT = "events.erase"
JOIN = "events.join"


def make(identifier: uuid.UUID, version: int, *, salt: str = SALT) -> str:
    """Return the token of a registration; raising the version makes every earlier token worthless."""
    return tokens.sign(identifier, salt=salt, version=version)


def read(token: str, *, salt: str = SALT) -> tuple[uuid.UUID, int] | None:
    """Return identifier and version of a token that we signed, else None; whether they exist is not known here."""
    return tokens.read(token, salt=salt)


def make_erasure(identifier: uuid.UUID, version: int) -> str:
    """Return the token of a link, made now, that erases what is kept about a registration's address.

    Raising the version makes it worthless, as it does the others.
    """
    return tokens.sign(identifier, salt=ERASE_SALT, version=version, is_dated=True)


def read_erasure(token: str, *, lasts: timedelta) -> tuple[uuid.UUID, int] | None:
    """Return registration and version of a token that we signed, else None; raises SignatureExpired for an old one."""
    return tokens.read(token, salt=ERASE_SALT, lasts=lasts)
