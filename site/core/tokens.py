"""Tokens of signed addresses: each names one row by its UUID, and its salt keeps it from opening another's door."""

import base64
import binascii
import uuid
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes


def sign(identifier: uuid.UUID, *, salt: str, version: int | None = None, is_dated: bool = False) -> str:
    """Return the token of a row; one that names a version is worthless once the row has a higher one.

    Only a dated one can be found too old.
    """
    packed = base64.urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode("ascii")
    return _signer(salt, is_dated).sign(packed if version is None else f"{packed}.{version}")


def read(token: str, *, salt: str, lasts: timedelta | None = None) -> tuple[uuid.UUID, int] | None:
    """Return identifier and version, 0 where it names none, of a token that we signed, else None.

    Of a dated one say how long it `lasts`; raises SignatureExpired for one that is older. Whether the row exists is not
    known here.
    """
    try:
        # An undated signer knows no age.
        signed = _signer(salt, lasts is not None).unsign(token, **({} if lasts is None else {"max_age": lasts}))
        packed, _, version = signed.partition(".")
        return uuid.UUID(bytes=base64.urlsafe_b64decode(packed + "==")), int(version or 0)
    except signing.SignatureExpired:
        raise
    except (signing.BadSignature, binascii.Error, ValueError):
        return None


class _Signer(signing.Signer):
    """Signs exactly as Django does, but derives the key from the secret once instead of for each signature."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._begun = salted_hmac(force_bytes(self.salt) + b"signer", "", self.key, algorithm=self.algorithm)

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        """Return the signature of a value, by an older key where one is given."""
        if key is not None and key != self.key:
            return super().signature(value, key)
        mac = self._begun.copy()
        mac.update(force_bytes(value))
        return signing.b64_encode(mac.digest()).decode()


def _signer(salt: str, is_dated: bool) -> Any:
    return _made(salt, is_dated, settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))


# A mail to many needs two for each reader. One for each salt, and for a key that was changed meanwhile.
@lru_cache(maxsize=16)
def _made(salt: str, is_dated: bool, key: str, fallback_keys: tuple[str, ...]) -> signing.Signer:
    kind = signing.TimestampSigner if is_dated else _Signer
    return kind(key=key, fallback_keys=list(fallback_keys), salt=salt, sep="~")
