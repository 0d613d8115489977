"""SECRET_KEY and those retired before it, each known by a mark that tells nothing about it."""

from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "core.backup.key"


def mark(*, secret: str | bytes | None = None) -> str:
    """Return what is noted of SECRET_KEY: the same for the same key, and of no use for guessing it."""
    return salted_hmac(_SALT, "mark", secret=secret, algorithm="sha256").hexdigest()[:16]


def by_mark() -> dict[str, str | bytes]:
    """Return the present key and each retired one by its mark."""
    return {mark(secret=key): key for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
