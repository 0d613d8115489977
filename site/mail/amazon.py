"""Amazon's SES speaks through boto3, which knows neither our time limit nor the errors of requests.

Imported only where SES is the provider: boto3 is an extra, and takes a while to load.
"""

from typing import Any

from anymail.exceptions import AnymailError
from botocore.awsrequest import AWSConnection
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    SSLError,
)

from mail import outcomes
from mail.deadlines import Deadline
from mail.enums import Outcome
from mail.timedhttp import Timed, TimedTls, pools

# Said with the status 400 or 404, which elsewhere speak of the message: our rate, our key, our account, our settings.
_ABOUT_US = {
    *("Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException"),
    *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "IncompleteSignature"),
    *("UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch"),
    *("AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired", "MissingAuthenticationToken"),
    *("AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"),
    *("NotFoundException",),
}


def bound(backend: Any, *, seconds: float) -> None:
    """Let connecting and waiting for an answer take so long each, once: a second try would send a second mail."""
    limits = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    backend.client_params["config"] = backend.client_params["config"].merge(limits)


class _Timed(AWSConnection, Timed):
    """A connection as boto3 has it, that ends by the deadline."""


class _TimedTls(AWSConnection, TimedTls):
    """The same over TLS."""


def hold(backend: Any, deadline: Deadline) -> None:
    """Let whatever an open backend asks end by the deadline; what boto3 asks for a key of its own has its own limits.

    botocore has no door for it: a test says if a release of it keeps its pools elsewhere.
    """
    session = backend.client._endpoint.http_session
    session._pool_classes_by_scheme = pools(deadline, plain=_Timed, tls=_TimedTls)
    session._manager.pool_classes_by_scheme = session._pool_classes_by_scheme


def of_problem(problem: AnymailError) -> tuple[Outcome, int | None]:
    """Return what a hand-over came to that boto3 could not complete; see `outcomes.of_problem`."""
    cause = problem.__cause__
    if isinstance(cause, ClientError):
        code = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if cause.response.get("Error", {}).get("Code") in _ABOUT_US:
            return Outcome.UNREACHABLE, code
        return (outcomes.of_status(code) if code else Outcome.NO_ANSWER), code
    if isinstance(cause, BotoCoreError):
        return _without_answer(cause), None
    return outcomes.of_problem(problem)


def _without_answer(cause: BotoCoreError) -> Outcome:
    if isinstance(cause, ParamValidationError):
        return Outcome.UNWRITABLE
    if isinstance(cause, SSLError):
        # TLS may break in the middle too; a certificate is looked at before anything is told.
        wrapped = cause.kwargs.get("error")
        is_stranger = isinstance(wrapped, BaseException) and outcomes.never_connected(wrapped)
        return Outcome.UNREACHABLE if is_stranger else Outcome.NO_ANSWER
    if isinstance(cause, HTTPClientError | IncompleteReadError):
        return Outcome.NO_ANSWER
    # No connection, no key, no region: nothing left.
    return Outcome.UNREACHABLE
