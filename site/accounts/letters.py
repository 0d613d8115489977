"""The words of the mails about accounts, under the names by which allauth asks for them.

Each is a subject and paragraphs; a value such as %(to_email)s comes from allauth's facts and is escaped by the
template. Codes and links stand apart from the words, so that every mail has them in the same place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mail.isolates import isolate

Words = str | Promise
NOT_YOU = _(
    "If this was not you, choose a new password at once and sign out the devices you do not know: "
    "both are under “My account”."
)


@dataclass(frozen=True)
class Letter:
    """One kind of mail about an account.

    `minutes_setting` names the setting that says how long its code is good for, in seconds. `action` is the name
    of the address behind its button. `shows_where` adds when and from where the thing was done.
    """

    subject: Words
    paragraphs: tuple[Words, ...]
    after: tuple[Words, ...] = ()
    minutes_setting: str = ""
    action: str = ""
    action_label: Words = ""
    shows_where: bool = False
    values: tuple[str, ...] = field(default=())

    def words(self, which: tuple[Words, ...], facts: Mapping[str, object]) -> list[str]:
        """Return paragraphs in the active language with their values filled in."""
        # An address must read right in an Arabic sentence too.
        values = {name: isolate(facts.get(name, "")) for name in self.values}
        return [str(paragraph) % values if values else str(paragraph) for paragraph in which]


def _notice(subject: Words, paragraph: Words, **fields) -> Letter:
    return Letter(
        subject, (paragraph,), (NOT_YOU,), action="my", action_label=_("My account"), shows_where=True, **fields
    )


LETTERS = {
    "account/email/email_confirmation_signup": Letter(
        _("Confirm your e-mail address"),
        (_("Welcome to GKEC. Type this code on the page where you signed up:"),),
        (_("If you did not sign up, you can ignore this mail: without the code nobody can use your address."),),
        minutes_setting="ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT",
    ),
    "account/email/email_confirmation": Letter(
        _("Confirm your e-mail address"),
        (_("Type this code on the page that asked for it, to show that this address is yours:"),),
        (_("If you did not ask for it, you can ignore this mail: without the code nothing changes."),),
        minutes_setting="ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT",
    ),
    "account/email/login_code": Letter(
        _("Your code to sign in"),
        (_("Type this code on the page where you are signing in:"),),
        (_("If you are not signing in, ignore this mail and give the code to nobody, not even to us."),),
        minutes_setting="ACCOUNT_LOGIN_BY_CODE_TIMEOUT",
    ),
    "account/email/password_reset_code": Letter(
        _("Choose a new password"),
        (_("Type this code on the page where you asked for a new password:"),),
        (_("If you did not ask for it, ignore this mail and give the code to nobody: your password stays as it is."),),
        minutes_setting="ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT",
    ),
    "account/email/unknown_account": Letter(
        _("There is no account under this address"),
        (
            _("Somebody, perhaps you, wanted to sign in or choose a new password with this address."),
            _("There is no account under it. You may have signed up with another address, or not yet."),
        ),
        (_("If it was not you, you can ignore this mail."),),
        action="account_signup",
        action_label=_("Sign up"),
    ),
    "account/email/account_already_exists": Letter(
        _("You have an account already"),
        (
            _("Somebody, perhaps you, wanted to sign up with this address. There is an account under it already."),
            _("You can sign in with a code that we send you, even if you do not remember the password."),
        ),
        (_("If it was not you, you can ignore this mail."),),
        action="account_request_login_code",
        action_label=_("Sign in with a code"),
    ),
    "account/email/password_changed": _notice(_("Your password was changed"), _("Your password was changed.")),
    "account/email/password_set": _notice(_("Your account has a password now"), _("A password was chosen.")),
    "account/email/password_reset": _notice(
        _("You have a new password"), _("A new password was chosen with a code sent to this address.")
    ),
    "account/email/email_changed": _notice(
        _("Your e-mail address was changed"),
        _("You now sign in with %(to_email)s. This address, %(from_email)s, no longer opens the account."),
        values=("to_email", "from_email"),
    ),
    "account/email/email_deleted": _notice(
        _("An e-mail address was removed"),
        _("The address %(deleted_email)s no longer belongs to your account."),
        values=("deleted_email",),
    ),
    "mfa/email/totp_activated": _notice(
        _("Your second factor is set up"), _("From now on signing in also asks for a code from your app.")
    ),
    "mfa/email/totp_deactivated": _notice(
        _("Your second factor was taken away"), _("Signing in no longer asks for a code from your app.")
    ),
    "mfa/email/webauthn_added": _notice(
        _("A passkey was added"), _("From now on this passkey or security key opens your account.")
    ),
    "mfa/email/webauthn_removed": _notice(
        _("A passkey was removed"), _("The passkey or security key no longer opens your account.")
    ),
    "mfa/email/recovery_codes_generated": _notice(
        _("You have new recovery codes"), _("New recovery codes were made. The old ones no longer work.")
    ),
    "invitation": Letter(
        _("You have an account at GKEC"),
        (
            _("The team of the Global Knowledge Exchange Centre has made an account for you under this address."),
            _("Sign in with a code that we send you. You can choose a password afterwards, but need none."),
        ),
        (_("If you did not expect this, you can ignore it."),),
        action="account_request_login_code",
        action_label=_("Sign in with a code"),
    ),
}
