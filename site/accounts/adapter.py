"""Where allauth meets this project: its people, its mail, its secrets."""

import base64
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import mails
from accounts.models import User
from core import languages
from core.emailkeys import one_spelling
from mail.addresses import BadAddress, envelope_address

logger = logging.getLogger(__name__)

# What an SMTP envelope takes (RFC 5321) and the column of the address keeps.
LONGEST_ADDRESS = 254
NO_SUCH_ADDRESS = _("Write an e-mail address, such as name@example.org.")


class AccountAdapter(DefaultAccountAdapter):
    """Gives new people the language of the page and the browser's zone, and mails through the outbox."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        # Said of codes that were mailed too often, too, where nothing had been typed wrong.
        "too_many_login_attempts": _("That was too often. Wait a while, then try again."),
    }

    def save_user(self, request, user: User, form, commit: bool = True) -> User:
        """Make the person of a sign-up form, in the language of its page."""
        user.language = languages.current()
        user.timezone = form.cleaned_data.get("timezone") or user.timezone
        return super().save_user(request, user, form, commit)

    def clean_email(self, email: str) -> str:
        """Return the address in its one spelling, by which limits count and accounts are found.

        Refuses one that no mail can be sent to, or that is longer than the database keeps.
        """
        spelled = one_spelling(email)
        try:
            sendable = envelope_address(spelled)
        except BadAddress:
            sendable = ""
        if not sendable or len(spelled) > LONGEST_ADDRESS:
            raise ValidationError(NO_SUCH_ADDRESS, code="invalid")
        return spelled

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail that allauth asks for into the outbox; nothing is sent from here."""
        mails.enqueue_letter(name=template_prefix, to=email, facts=context)

    def send_notification_mail(self, template_prefix: str, user: User, context=None, email=None) -> None:
        """Send word of a change with whom it is about: a notice to an old address knows them by nothing else."""
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def get_reauthentication_methods(self, user) -> list[dict]:
        """Return how to confirm that it is still the same person: once a factor is set up, by a factor.

        Otherwise a password alone could switch the factor off in a session left open.
        """
        methods = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] != "reauthenticate"] or methods


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of apps and recovery codes encrypted, so that a copy of the database is not a factor."""

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored."""
        return _vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret, whether stored under the present key or a retired one."""
        try:
            return _vault().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            # An empty secret would have codes that anybody can compute, so nothing may be returned.
            logger.exception("A second factor cannot be read: SECRET_KEY was changed without keeping the old one.")
            raise self.validation_error("incorrect_code") from None

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return how keys and browsers name this site."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.WAGTAIL_SITE_NAME}


def _vault() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac("accounts.second-factor", "key", secret=one, algorithm="sha256").digest() for one in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
