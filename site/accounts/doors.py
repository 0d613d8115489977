"""Wagtail's own ways to sign in and out, led to allauth's, which ask for the second factor.

These come before Wagtail's addresses. Its login views would open a session for the right password alone.
`tests/accounts/test_doors.py` walks all addresses and fails on a login view that stands behind none of these.
"""

from django.urls import path, re_path

from accounts.admin.account import account
from accounts.views import doors

urlpatterns = [
    path("_/sign-in/", doors.sign_in, name="sign_in"),
    path("_util/login/", doors.sign_in),
    path("admin/login/", doors.sign_in),
    path("admin/logout/", doors.sign_out),
    re_path(r"^admin/password_reset/", doors.reset_password),
    # Wagtail's page edits a first and a last name, which people here do not have.
    path("admin/account/", account),
]
