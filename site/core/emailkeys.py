"""E-mail addresses as keys: what counts as the same address."""

import unicodedata


def email_key(address: str) -> str:
    """Return the form under which an address is compared: folded in case and width, its domain as DNS has it.

    Dots and `+tags` are left alone: only the provider knows whether they lead to the same mailbox.
    """
    folded = unicodedata.normalize("NFKC", address).strip().casefold()
    mailbox, at, domain = folded.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return folded
    return f"{mailbox}{at}{domain}"
