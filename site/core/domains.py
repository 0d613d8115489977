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


def one_spelling(domain: str) -> str:
    """Return the one way to write a domain down, in its own script, for all spellings that DNS takes for the same.

    Raises UnicodeError for what is no domain. `as_dns` of the answer is `as_dns` of what was given, in small letters.
    """
    ascii_name = as_dns(domain).lower()
    if "xn--" not in ascii_name:
        return ascii_name
    for read in (_in_script_of_2003, idna.decode):
        try:
            name = read(ascii_name)
            if as_dns(name) == ascii_name:
                return name
        except UnicodeError:
            continue
    return ascii_name


def _in_script_of_2003(ascii_name: str) -> str:
    return ascii_name.encode("ascii").decode("idna")
