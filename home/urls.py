"""Addresses of home: my GKEC and the site texts."""

from django.urls import path

from home import views

urlpatterns = [
    path("my/", views.my, name="my"),
    path("privacy/", views.site_text, {"field": "privacy"}, name="privacy"),
    path("accessibility/", views.site_text, {"field": "accessibility"}, name="accessibility"),
    path("contact/", views.site_text, {"field": "contact"}, name="contact"),
]
