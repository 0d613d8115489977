"""Signed addresses of a subscriber's own pages: each purpose with a salt of its own, so that none opens another's."""

import uuid
from datetime import timedelta
from typing import Literal

from django.core import signing

from core import tokens

Purpose = Literal["confirm", "preferences", "unsubscribe", "unwanted"]

# Whoever asked and did not confirm in this time may simply ask again; the way out never closes.
LASTS: dict[str, timedelta] = {"confirm": timedelta(days=7)}


def sign(identifier: uuid.UUID, purpose: Purpose) -> str:
    """Return the token that opens one page of one subscriber."""
    return tokens.sign(identifier, salt=_salt(purpose), is_dated=purpose in LASTS)


def read(token: str, purpose: Purpose) -> uuid.UUID | None:
    """Return the subscriber of a token that we signed for this purpose and that is not too old, else None.

    Whether the subscriber still exists is not known here.
    """
    try:
        found = tokens.read(token, salt=_salt(purpose), lasts=LASTS.get(purpose))
    except signing.SignatureExpired:
        return None
    return found[0] if found else None


def _salt(purpose: Purpose) -> str:
    return f"newsletter.{purpose}"
