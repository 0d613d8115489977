"""Addresses of the foundation: health, root, robots."""

urlpatterns: list = []
