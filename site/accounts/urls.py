"""Addresses below /<lang>/account/ that allauth does not have, and one in its place; they come before its own."""

from django.urls import path

from accounts.views import rights
from accounts.views.devices import DevicesView
from accounts.views.profile import profile

urlpatterns = [
    path("profile/", profile, name="account_profile"),
    path("sessions/", DevicesView.as_view(), name="usersessions_list"),
    path("data/", rights.data, name="account_data"),
    path("data/download/", rights.download, name="account_data_download"),
    path("delete/", rights.delete, name="account_delete"),
    path("deleted/", rights.deleted, name="account_deleted"),
]
