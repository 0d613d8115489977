"""Signed addresses of a learner's own door, each for one enrolment."""

import uuid

from core import tokens

SALT = "learning.enrolment"


def make(identifier: uuid.UUID) -> str:
    """Return the token of an enrolment; erasing a person changes the identifier, which makes it worthless."""
    return tokens.sign(identifier, salt=SALT)


def read(token: str) -> uuid.UUID | None:
    """Return the identifier of a token that we signed, else None; whether the enrolment exists is not known here."""
    found = tokens.read(token, salt=SALT)
    return found[0] if found else None
