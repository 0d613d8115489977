"""What an answer of a provider means, or none: of the message, of our key and rate, or nothing that is certain."""

import re
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

# What a provider says of our key, our rate or the address that we ask at (a domain that is not set up there), not of
# the message.
_NOT_LET_IN = {401, 402, 403, 404, 405, 407, 429}
# By their definition the request was not handled (RFC 9110, RFC 6585); the last four are Cloudflare's, in front of many
# a provider, which it did not reach. 500, 502, 504 and the others say that something broke, even behind the sending.
_NOT_HANDLED = {501, 503, 505, 511, 521, 523, 525, 526}
# 503 all the same, of a proxy that had passed the request on: Envoy and Istio, Fastly, Varnish.
_PASSED_ON = re.compile(r"(?i)reset before headers|first byte timeout|backend fetch failed")
# No request can be made of such an address, or of such a key.
_NO_REQUEST = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
)

# What OpenSSL calls its parts that read files of certificates.
_OF_CERTIFICATES = {"X509", "PEM"}


def of_status(code: int, words: str = "") -> Outcome:
    """Return what a status other than success says, with the words beside it."""
    if code in _NOT_LET_IN or (code in _NOT_HANDLED and not _PASSED_ON.search(words)):
        return Outcome.UNREACHABLE
    if code < 300 or code in {408, 409} or code >= 500:
        # An answer nobody understands, or 409: the first request with this key is still under way.
        return Outcome.NO_ANSWER
    return Outcome.REFUSED


def of_problem(problem: AnymailError) -> tuple[Outcome, int | None]:
    """Return what a hand-over came to that anymail could not complete, with the provider's status if there was one."""
    code = getattr(problem, "status_code", None)
    if code is not None:
        return of_status(code, getattr(getattr(problem, "response", None), "text", "")), code
    if isinstance(problem, (requests.ConnectTimeout, *_NO_REQUEST)) or never_connected(problem):
        return Outcome.UNREACHABLE, None
    if isinstance(problem, requests.RequestException | AnymailAPIError):
        return Outcome.NO_ANSWER, None
    # Anymail made no request of it: for its address, or for what this provider or our settings have no place for.
    return (Outcome.REFUSED if isinstance(problem, AnymailInvalidAddress) else Outcome.UNWRITABLE), None


def of_foreign(problem: Exception) -> Outcome:
    """Return what a failure came to that neither anymail nor its library for HTTP expects.

    A file of certificates that is not there is an OSError of the machine, told before anything has left; one of a
    connection may come at any time. Letters that a header has no place for are met before it leaves.
    """
    may_have_left = isinstance(problem, ConnectionError | TimeoutError | ssl.SSLError | requests.RequestException)
    is_machine = isinstance(problem, OSError | UnicodeEncodeError) and not may_have_left
    return Outcome.UNREACHABLE if is_machine or never_connected(problem) else Outcome.NO_ANSWER


def never_connected(problem: BaseException) -> bool:
    """Whether nothing can have been told to the provider.

    requests calls every broken connection a ConnectionError; what it wraps tells whether there ever was one: no
    address for the name, nobody at the address, somebody whose certificate is not the provider's, or certificates of
    our own that cannot be read.
    """
    return any(
        isinstance(one, NewConnectionError | ssl.SSLCertVerificationError)
        or (isinstance(one, ssl.SSLError) and getattr(one, "library", None) in _OF_CERTIFICATES)
        for one in _wrapped(problem)
    )


def _wrapped(problem: BaseException) -> Iterator[BaseException]:
    """Yield a failure and all that it wraps; requests and urllib3 keep it as an argument or as the reason."""
    yield problem
    for one in (problem.__cause__, getattr(problem, "reason", None), *problem.args):
        if isinstance(one, BaseException):
            yield from _wrapped(one)
