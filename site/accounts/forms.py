"""Forms of sign-up, sign-in and profile."""

from allauth.account import forms as allauth_forms


class SignupForm(allauth_forms.SignupForm):
    pass


class LoginForm(allauth_forms.LoginForm):
    pass
