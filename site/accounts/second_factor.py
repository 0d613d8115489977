"""Whether a session has shown a second factor, and where to send it if not.

allauth keeps what a session has shown in `session["account_authentication_methods"]`, bound to the person. Codes,
security keys, recovery codes and passkeys all stand there as `{"method": "mfa", "type": …, "id": …, "at": …}`, a
sign-in by passkey alone with `"passwordless": True` besides: the key verified its owner by PIN or finger, so
possession and knowledge were shown at once.
"""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import User
from core import clock

# Recovery codes stand in for one of these and never alone.
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_shown(request: HttpRequest) -> bool:
    """Tell whether this session has shown a factor that the person still has, not too long ago."""
    since = clock.now().timestamp() - settings.SECOND_FACTOR_LASTS
    records = get_authentication_records(request, request.user)
    shown = [record.get("id") for record in records if record.get("method") == "mfa" and record.get("at", 0) > since]
    # A factor taken away, after a lost phone say, takes the sessions with it that it had opened.
    return bool(shown) and Authenticator.objects.filter(user=request.user, pk__in=shown).exists()


def has_one(user: User) -> bool:
    """Tell whether the person has set up an app or a key."""
    return is_mfa_enabled(user, FACTORS)


def record_enrolment(request: HttpRequest, authenticator: Authenticator) -> None:
    """Count a factor that was just set up as shown: doing so proved that the person holds it."""
    record_authentication(request, authenticator.user, method="mfa", id=authenticator.pk, type=str(authenticator.type))


def way_to_show(user: User) -> str:
    """Return the address, in the person's language, where they show their factor or set up their first."""
    with override(user.language):
        if has_one(user):
            return get_adapter().get_reauthentication_methods(user)[0]["url"]
        return reverse("mfa_index")
