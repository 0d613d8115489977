"""Addresses of the mail app."""

from django.urls import path

from mail.views.reports import reports

urlpatterns = [path("mail/reports/<slug:provider>/", reports, name="mail_reports")]
