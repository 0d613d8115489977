"""Addresses under /dev/, which exist with the demo settings only."""

urlpatterns: list = []
