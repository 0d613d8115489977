"""Writes down who signed in, who failed to, and who changed what opens an account.

The lines go to the logger `accounts.security`, with the person's key and never the address, the password or a code:
logs are read by more people and kept longer than accounts. Where an attempt came from is told by a mark, the same for
all lines of one network, by which attempts can be put together and nobody can be found.
"""

import logging
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from core import limits

logger = logging.getLogger("accounts.security")

_SALT = "accounts.audit.network"
# Enough to keep the networks of a site apart.
_MARK_LENGTH = 12


def on_signed_in(*, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Write with what the person signed in."""
    records = get_authentication_records(request, user)
    methods = [f"{record['method']}:{record['type']}" if "type" in record else record["method"] for record in records]
    # Whoever has just confirmed a new address has shown nothing else.
    logger.info("signed in: person %s by %s from %s", user.pk, "+".join(methods) or "sign-up", _network(request))


def on_sign_in_failed(*, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Write that a password was wrong; whose is not written, since the address may be a stranger's."""
    logger.warning("sign-in refused: wrong address or password from %s", _network(request))


def on_factor_failed(*, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Write that a second factor was wrong after the first was right, which is worth looking at."""
    logger.warning("second factor refused: person %s from %s", user.pk, _network(request))


def on_password(*, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Write that a password was changed, chosen or reset."""
    logger.info("password changed: person %s from %s", user.pk, _network(request))


def on_factor_added(*, request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """Write that a factor was set up."""
    logger.info("factor added: person %s, %s, from %s", user.pk, authenticator.type, _network(request))


def on_factor_removed(*, request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """Write that a factor was taken away or its codes made anew."""
    logger.info("factor removed: person %s, %s, from %s", user.pk, authenticator.type, _network(request))


def on_address(*, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Write that a person signs in with another address from now on."""
    logger.info("address changed: person %s from %s", user.pk, _network(request))


def _network(request: HttpRequest | None) -> str:
    """Return the mark of a network. It is keyed: there are so few addresses that a plain hash could be guessed."""
    if request is None:
        return "nowhere"
    network = limits.network(request)
    if network == limits.UNKNOWN:
        return "an unknown network"
    return f"network {salted_hmac(_SALT, network, algorithm='sha256').hexdigest()[:_MARK_LENGTH]}"
