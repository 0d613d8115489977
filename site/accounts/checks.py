"""Refuses settings under which a password alone would open the editing pages."""

from allauth.account.auth_backends import AuthenticationBackend
from django.apps import apps
from django.conf import settings
from django.core.checks import Error, register

BACKEND = f"{AuthenticationBackend.__module__}.{AuthenticationBackend.__name__}"
OURS = "accounts.middleware.SecondFactorMiddleware"
BEFORE_OURS = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
)


@register("security")
def second_factor_is_required(app_configs, **kwargs) -> list[Error]:
    """Only the demo may do without a second factor for staff."""
    if settings.SECOND_FACTOR_REQUIRED_FOR_STAFF or getattr(settings, "DEMO", False):
        return []
    hint = "Set SECOND_FACTOR_REQUIRED_FOR_STAFF to True: only the demo settings may relax it."
    return [Error("Staff could sign in without a second factor.", hint=hint, id="accounts.E001")]


@register("security")
def second_factor_is_asked_for(app_configs, **kwargs) -> list[Error]:
    """The middleware stands where it sees the person and what allauth knows of the session."""
    order = list(settings.MIDDLEWARE)
    stands = OURS in order and all(one in order and order.index(one) < order.index(OURS) for one in BEFORE_OURS)
    if stands:
        return []
    hint = f"Put {OURS} after {', '.join(BEFORE_OURS)}."
    return [Error("Nothing asks staff for their second factor.", hint=hint, id="accounts.E002")]


@register("security")
def allauth_alone_signs_in(app_configs, **kwargs) -> list[Error]:
    """No second backend may turn a password into a session, and no token may replace one."""
    errors = []
    if list(settings.AUTHENTICATION_BACKENDS) != [BACKEND]:
        hint = f"AUTHENTICATION_BACKENDS must be [{BACKEND!r}]: providers of OpenID Connect need no other."
        errors.append(Error("Another backend could sign people in.", hint=hint, id="accounts.E003"))
    if apps.is_installed("wagtail.api.v3"):
        hint = "Leave wagtail.api.v3 out of INSTALLED_APPS."
        errors.append(Error("Wagtail's API writes with a token alone.", hint=hint, id="accounts.E004"))
    return errors
