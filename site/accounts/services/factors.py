"""Writing second factors under the present SECRET_KEY, so that a retired one can be taken out."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.core.exceptions import ValidationError
from django.db import transaction

# Where allauth keeps what it encrypts: the secret of an app, the seed of recovery codes.
_SECRET = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


@dataclass(frozen=True)
class Reencrypted:
    """How many factors stand under the present key, and how many no key opens."""

    written: int
    lost: int


@transaction.atomic
def reencrypt_factors() -> Reencrypted:
    """Write every secret of a second factor anew; passkeys have none.

    What no key of SECRET_KEY and SECRET_KEY_FALLBACKS opens is left as it is: its key may still be found.
    """
    written = lost = 0
    for factor in Authenticator.objects.filter(type__in=_SECRET).order_by("pk").select_for_update():
        name = _SECRET[Authenticator.Type(factor.type)]
        try:
            secret = decrypt(factor.data[name])
        except ValidationError:
            lost += 1
            continue
        factor.data[name] = encrypt(secret)
        factor.save(update_fields=["data"])
        written += 1
    return Reencrypted(written, lost)
