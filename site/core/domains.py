"""Names of hosts as DNS has them, in ASCII."""

import idna

# The sharp s in both cases, the final sigma, two joiners. IDNA 2003, which Python's codec speaks, takes them for other
# letters or drops them; IDNA 2008 and every browser keep them, so that ß.de and ss.de may have two owners.
_KEPT = frozenset("ßẞς\u200c\u200d")


def as_dns(domain: str) -> str:
    """Return an international domain as it is looked up, one in ASCII as it is; raises UnicodeError for what is none.

    All that has none of those letters goes by Python's codec: it takes symbols, which stand in some domains and have
    no place in IDNA 2008.
    """
    if domain.isascii():
        return domain
    if _KEPT.isdisjoint(domain):
        return domain.encode("idna").decode("ascii")
    return idna.encode(domain, uts46=True).decode("ascii")


def folded(domain: str) -> str:
    """Return the domain folded in case, without making another domain of it."""
    return "".join(letter if letter in _KEPT else letter.casefold() for letter in domain)
