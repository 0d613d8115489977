"""Words of a person's own within ours, kept to their own direction, so that neither turns the other around."""

from mail import headers

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def isolate(value: object) -> str:
    """Return words on one line in an isolate; direction characters in them are dropped, so they cannot end it."""
    return enclose(headers.clean(str(value))) if value else ""


def enclose(words: str) -> str:
    """Return words in an isolate as they are, with the isolates that were put into them; their ends must match."""
    return f"{_FIRST_STRONG_ISOLATE}{words}{_POP_ISOLATE}"
