"""Signed addresses of a subscriber's own pages: each purpose with a salt of its own, so that none opens another's."""

import base64
import binascii
import uuid
from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal

from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes

Purpose = Literal["confirm", "preferences", "unsubscribe", "unwanted"]

# Whoever asked and did not confirm in this time may simply ask again; the way out never closes.
LASTS: dict[str, timedelta] = {"confirm": timedelta(days=7)}


def sign(identifier: uuid.UUID, purpose: Purpose) -> str:
    """Return the token that opens one page of one subscriber."""
    packed = base64.urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode("ascii")
    return _signer(purpose).sign(packed)


def read(token: str, purpose: Purpose) -> uuid.UUID | None:
    """Return the subscriber of a token that we signed for this purpose and that is not too old, else None.

    Whether the subscriber still exists is not known here.
    """
    signer = _signer(purpose)
    lasts = {"max_age": LASTS[purpose]} if purpose in LASTS else {}
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(signer.unsign(token, **lasts) + "=="))
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


def _signer(purpose: Purpose) -> signing.Signer:
    return _made(purpose, settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))


# A mail to many needs two for each reader.
@lru_cache(maxsize=8)
def _made(purpose: Purpose, key: str, fallback_keys: tuple[str, ...]) -> signing.Signer:
    kind = signing.TimestampSigner if purpose in LASTS else _Signer
    return kind(key=key, fallback_keys=list(fallback_keys), salt=f"newsletter.{purpose}", sep="~")
