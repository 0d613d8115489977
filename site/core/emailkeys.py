"""E-mail addresses as keys: what counts as the same address."""

import unicodedata

from core import domains


def email_key(address: str) -> str:
    """Return the form under which an address is compared: folded in case and width, its domain as DNS has it.

    The domain goes to DNS as it was written, as it does when mail is sent: folded before, some letters would name
    another domain than the one that gets the mail. Dots and `+tags` are left alone: only the provider knows whether
    they lead to the same mailbox.
    """
    mailbox, at, domain = address.strip().rpartition("@")
    try:
        host = domains.as_dns(domain).lower()
    except UnicodeError:
        return _folded(address).strip()
    return f"{_folded(mailbox)}{at}{host}"


def mailbox_key(address: str) -> str:
    """Return the key of an address without its `+tag`: many providers lead all of them to one mailbox.

    For limits alone. Whose mailbox it is, only `email_key` tells.
    """
    name, at, domain = email_key(address).rpartition("@")
    return f"{name.partition('+')[0]}{at}{domain}"


def one_spelling(address: str) -> str:
    """Return the one form in which an account keeps an address: small letters, its domain in one of its spellings.

    Mail goes where it went. What is no address comes back in small letters, for others to refuse.
    """
    mailbox, at, domain = address.strip().rpartition("@")
    try:
        return f"{mailbox.lower()}{at}{domains.one_spelling(domain)}"
    except UnicodeError:
        return address.strip().lower()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
