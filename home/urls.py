"""Addresses of home: my GKEC and the site texts."""

urlpatterns: list = []
