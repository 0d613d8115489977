"""allauth's forms with our words: what an address is called, and what an empty field says."""

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import NO_PASSWORD, ask_as_elsewhere

NO_NEW_PASSWORD = _("Type the new password.")
NO_CODE = _("Type the code that we sent you.")


class Spoken(forms.Form):
    """A form whose fields say these sentences when they are left empty."""

    when_empty: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, sentence in self.when_empty.items():
            self.fields[name].error_messages["required"] = sentence
            # allauth repeats some labels inside the boxes.
            self.fields[name].widget.attrs.pop("placeholder", None)


class Addressed(forms.Form):
    """A form that asks for an address as the one of signing in does."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        ask_as_elsewhere(self, address="email")


class AddEmailForm(Addressed, account.AddEmailForm):
    """allauth's form to add an address to an account."""


class ChangeEmailForm(Addressed, account.ChangeEmailForm):
    """allauth's form to exchange the address of an account."""


class ResetPasswordForm(Addressed, account.ResetPasswordForm):
    """allauth's form to ask for a new password, which itself would count each spelling of an address apart."""

    def clean_email(self) -> str:
        """Return the address in its one spelling."""
        self.cleaned_data["email"] = get_adapter().clean_email(self.cleaned_data["email"])
        return super().clean_email()


class ChangePasswordForm(Spoken, account.ChangePasswordForm):
    when_empty = {"oldpassword": NO_PASSWORD, "password1": NO_NEW_PASSWORD, "password2": NO_NEW_PASSWORD}


class SetPasswordForm(Spoken, account.SetPasswordForm):
    when_empty = {"password1": NO_NEW_PASSWORD, "password2": NO_NEW_PASSWORD}


class ResetPasswordKeyForm(Spoken, account.ResetPasswordKeyForm):
    when_empty = {"password1": NO_NEW_PASSWORD, "password2": NO_NEW_PASSWORD}


class ReauthenticateForm(Spoken, account.ReauthenticateForm):
    when_empty = {"password": NO_PASSWORD}


class ConfirmLoginCodeForm(Spoken, account.ConfirmLoginCodeForm):
    when_empty = {"code": NO_CODE}


class ConfirmEmailVerificationCodeForm(Spoken, account.ConfirmEmailVerificationCodeForm):
    when_empty = {"code": NO_CODE}


class ConfirmPasswordResetCodeForm(Spoken, account.ConfirmPasswordResetCodeForm):
    when_empty = {"code": NO_CODE}


class AuthenticateForm(Spoken, mfa.AuthenticateForm):
    when_empty = {"code": _("Type the code that your authenticator app shows, or one of your recovery codes.")}


class ReauthenticateByCodeForm(Spoken, mfa.ReauthenticateForm):
    when_empty = {"code": _("Type a code from your authenticator app, or a recovery code.")}


class ActivateTOTPForm(Spoken, totp.ActivateTOTPForm):
    when_empty = {"code": _("Type the code that the app shows.")}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")


class EditWebAuthnForm(Spoken, webauthn.EditWebAuthnForm):
    when_empty = {"name": _("Write a name for this key.")}
