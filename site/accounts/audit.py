"""Writes down who signed in, who failed to, and who changed what opens an account.

The lines go to the logger `accounts.security`, with the person's key and never the address, the password or a code:
logs are read by more people and kept longer than accounts.
"""

import logging
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

logger = logging.getLogger("accounts.security")


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
    try:
        return get_adapter().get_client_ip(request) if request else "nowhere"
    except PermissionDenied:
        return "an unknown network"
