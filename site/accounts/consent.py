"""How the consent log names addresses and wordings without keeping the address."""

import hashlib

from django.conf import settings
from django.utils.crypto import salted_hmac

from core.emailkeys import one_spelling

SALT = "accounts.consent.address"


def address_hash(email: str, *, secret: str | bytes | None = None) -> str:
    """Return a keyed hash of an address, the same however it is spelled; without the key it cannot be guessed back."""
    return salted_hmac(SALT, one_spelling(email), secret=secret, algorithm="sha256").hexdigest()


def address_hashes(email: str) -> list[str]:
    """Return the hashes an address may be stored under: with the present key and with each retired one."""
    return [address_hash(email), *(address_hash(email, secret=old) for old in settings.SECRET_KEY_FALLBACKS)]


def wording_hash(wording: str) -> str:
    """Return the SHA-256 of a wording, which shows that the text kept is the text shown."""
    return hashlib.sha256(wording.encode()).hexdigest()
