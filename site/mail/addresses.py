"""E-mail addresses as they may stand in an envelope and in a header."""

import hashlib
from email.utils import parseaddr

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.domains import as_dns

# Where rows of erased people point to: a domain that cannot exist (RFC 2606), to which nothing is ever sent.
ERASED_DOMAIN = "erased.invalid"
ERASED = f"erased@{ERASED_DOMAIN}"

LONGEST = 254
_SENTENCE = "This is not an e-mail address that mail can be sent to."


class BadAddress(ValueError):
    """The text is not an address that mail can be sent to."""


def envelope_address(address: str) -> str:
    """Return the address as SMTP takes it: ASCII, the domain in IDNA where it is international.

    Raises BadAddress for anything that is not exactly one plain address; the text itself is not repeated, since
    exceptions end up in logs.
    """
    address = address.strip()
    local, _, domain = address.rpartition("@")
    try:
        validate_email(address)
        ascii_domain = as_dns(domain)
    except (ValidationError, UnicodeError):
        raise BadAddress(_SENTENCE) from None
    # Quoted local parts may hold anything, even the end of an SMTP command. The number of a machine, in brackets, names
    # nobody's mailbox, and cannot stand in our headers.
    if local.startswith('"') or not local.isascii() or domain.startswith("["):
        raise BadAddress(_SENTENCE)
    found = f"{local}@{ascii_domain}"
    # What SMTP lets stand in an envelope (RFC 5321), and our columns hold: an international domain grows on its way.
    if len(found) > LONGEST:
        raise BadAddress(_SENTENCE)
    return found


def as_kept(address: str) -> str:
    """Return an address as the outbox and the suppression list keep it; one that takes no mail as it is."""
    try:
        return envelope_address(address)
    except BadAddress:
        return address


def split(text: str) -> tuple[str, str]:
    """Return (name, address) of a setting such as `GKEC <no-reply@gkec.example>`."""
    name, address = parseaddr(text)
    return name, envelope_address(address)


def fingerprint(address: str) -> str:
    """Return the hash under which an address stays known after its erasure; case makes no difference.

    It has no key: whoever guesses an address can check it. A key would have to outlive every change of SECRET_KEY, or
    those who must not be written to would be forgotten (ADR 15).
    """
    return hashlib.sha256(f"gkec-address:{address.strip().lower()}".encode()).hexdigest()


def is_erased(address: str) -> bool:
    """Tell whether the address stands for a person who has been erased."""
    return address.lower().endswith(f"@{ERASED_DOMAIN}")
