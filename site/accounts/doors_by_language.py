"""The same doors below a language prefix, where Wagtail's page addresses bring a login view of their own."""

from django.urls import path

from accounts.views import doors

urlpatterns = [
    path("_util/login/", doors.sign_in),
]
