"""What an answer of a provider means, or none: of the message, of our key and rate, or nothing that is certain."""

import ssl
from collections.abc import Iterator

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
)
from urllib3.exceptions import NewConnectionError

from mail.enums import Outcome

# What a provider says of our key or our rate, not of the message.
_NOT_LET_IN = {401, 402, 403, 429}


def of_status(code: int) -> Outcome:
    """Return what a status other than success says."""
    if code in _NOT_LET_IN:
        return Outcome.UNREACHABLE
    if code < 300 or code in {408, 409} or code >= 500:
        # An answer nobody understands, or 409: the first request with this key is still under way.
        return Outcome.NO_ANSWER
    return Outcome.REFUSED


def of_problem(problem: AnymailError) -> tuple[Outcome, int | None]:
    """Return what a hand-over came to that anymail could not complete, with the provider's status if there was one."""
    code = getattr(problem, "status_code", None)
    if code is not None:
        return of_status(code), code
    if isinstance(problem, requests.ConnectTimeout) or never_connected(problem):
        return Outcome.UNREACHABLE, None
    if isinstance(problem, requests.RequestException | AnymailAPIError):
        return Outcome.NO_ANSWER, None
    # Anymail made no request of it: for its address, or for what this provider or our settings have no place for.
    return (Outcome.REFUSED if isinstance(problem, AnymailInvalidAddress) else Outcome.UNWRITABLE), None


def never_connected(problem: BaseException) -> bool:
    """Whether nothing can have been told to the provider.

    requests calls every broken connection a ConnectionError; what it wraps tells whether there ever was one: no
    address for the name, nobody at the address, or somebody whose certificate is not the provider's.
    """
    return any(isinstance(one, NewConnectionError | ssl.SSLCertVerificationError) for one in _wrapped(problem))


def _wrapped(problem: BaseException) -> Iterator[BaseException]:
    """Yield a failure and all that it wraps; requests and urllib3 keep it as an argument or as the reason."""
    yield problem
    for one in (problem.__cause__, getattr(problem, "reason", None), *problem.args):
        if isinstance(one, BaseException):
            yield from _wrapped(one)
