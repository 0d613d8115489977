"""How people sign in, with which factors, and how often somebody may try: settings of Django and of allauth."""

from gkec import environment as env

AUTH_USER_MODEL = "accounts.User"
# allauth alone: its login asks for the second factor, ModelBackend's would not.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.UnlikeThePerson"},
    {"NAME": "accounts.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my"
LOGOUT_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 14 * 24 * 3600
# A device stays in the list of a person's devices for as long as its session can live.
RETENTION_DEVICE_DAYS = SESSION_COOKIE_AGE // 86400
SECOND_FACTOR_REQUIRED_FOR_STAFF = True
# A sign-up that nobody confirms is forgotten after so many days.
UNCONFIRMED_KEPT_DAYS = 7
# How long a factor once shown opens the editing pages in the same session.
SECOND_FACTOR_LASTS = 7 * 24 * 3600

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "login": "accounts.forms.LoginForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "add_email": "accounts.stockforms.AddEmailForm",
    "change_email": "accounts.stockforms.ChangeEmailForm",
    "reset_password": "accounts.stockforms.ResetPasswordForm",
    "change_password": "accounts.stockforms.ChangePasswordForm",
    "set_password": "accounts.stockforms.SetPasswordForm",
    "reset_password_from_key": "accounts.stockforms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.stockforms.ReauthenticateForm",
    "confirm_login_code": "accounts.stockforms.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "accounts.stockforms.ConfirmEmailVerificationCodeForm",
    "confirm_password_reset_code": "accounts.stockforms.ConfirmPasswordResetCodeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# allauth offers the change for new addresses only, which would tell them from known ones.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
# Mail may take minutes to arrive: three wrong codes end an attempt, not the clock.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Per address (key) and per network (ip; a /64 in IPv6), counted in the shared cache.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip,200/h/ip",
    "confirm_email": "1/10s/key,10/h/key",
    "request_login_code": "20/m/ip,200/h/ip,3/m/key,10/h/key",
    "reset_password": "20/m/ip,200/h/ip,3/m/key,10/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
# Who the client is, is read from X-Forwarded-For only as far as proxies of ours wrote it.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)

MFA_FORMS = {
    "authenticate": "accounts.stockforms.AuthenticateForm",
    "reauthenticate": "accounts.stockforms.ReauthenticateByCodeForm",
    "activate_totp": "accounts.stockforms.ActivateTOTPForm",
    "edit_webauthn": "accounts.stockforms.EditWebAuthnForm",
}
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "GKEC"
