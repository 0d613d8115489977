"""Addresses of events below a language prefix."""

urlpatterns: list = []
