"""E-mail addresses as keys: what counts as the same address."""

import unicodedata

from core.domains import as_dns, folded


def email_key(address: str) -> str:
    """Return the form under which an address is compared: folded in case and width, its domain as DNS has it.

    Dots and `+tags` are left alone: only the provider knows whether they lead to the same mailbox.
    """
    normal = unicodedata.normalize("NFKC", address).strip()
    mailbox, at, domain = normal.rpartition("@")
    try:
        domain = as_dns(folded(domain))
    except UnicodeError:
        return normal.casefold()
    return f"{mailbox.casefold()}{at}{domain}"
