"""Addresses below /<lang>/account/ that allauth does not have."""

from django.urls import path

from accounts.views import rights
from accounts.views.profile import profile

urlpatterns = [
    path("profile/", profile, name="account_profile"),
    path("data/", rights.data, name="account_data"),
    path("data/download/", rights.download, name="account_data_download"),
    path("delete/", rights.delete, name="account_delete"),
    path("deleted/", rights.deleted, name="account_deleted"),
]
