"""Addresses below /<lang>/account/ that allauth does not have."""

from django.urls import path

from accounts.views.profile import profile

urlpatterns = [
    path("profile/", profile, name="account_profile"),
]
