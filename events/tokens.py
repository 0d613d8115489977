"""Signed addresses of a registered person's own pages, each kind with a salt of its own."""

import base64
import binascii
import uuid
from datetime import timedelta

from django.core import signing

SALT = "events.registration"
ERASE_SALT = "events.erase"
JOIN = "events.join"


def make(identifier: uuid.UUID, version: int, *, salt: str = SALT) -> str:
    """Return the token of a registration; raising the version makes every earlier token worthless."""
    packed = base64.urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode("ascii")
    return _signer(salt).sign(f"{packed}.{version}")


def read(token: str, *, salt: str = SALT) -> tuple[uuid.UUID, int] | None:
    """Return identifier and version of a token that we signed, else None; whether they exist is not known here."""
    try:
        packed, _, version = _signer(salt).unsign(token).rpartition(".")
        return uuid.UUID(bytes=base64.urlsafe_b64decode(packed + "==")), int(version)
    except (signing.BadSignature, binascii.Error, ValueError):
        return None


def make_erasure(identifier: uuid.UUID, version: int) -> str:
    """Return the token of a link, made now, that erases what is kept about a registration's address.

    Raising the version makes it worthless, as it does the others.
    """
    return signing.TimestampSigner(salt=ERASE_SALT, sep="~").sign(f"{identifier.hex}.{version}")


def read_erasure(token: str, *, lasts: timedelta) -> tuple[uuid.UUID, int] | None:
    """Return registration and version of a token that we signed, else None; raises SignatureExpired for an old one."""
    try:
        signed = signing.TimestampSigner(salt=ERASE_SALT, sep="~").unsign(token, max_age=lasts)
        identifier, _, version = signed.rpartition(".")
        return uuid.UUID(hex=identifier), int(version)
    except signing.SignatureExpired:
        raise
    except (signing.BadSignature, ValueError):
        return None


def _signer(salt: str) -> signing.Signer:
    return signing.Signer(salt=salt, sep="~")
