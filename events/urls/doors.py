"""Signed addresses that carry no language: self-service and joining."""

urlpatterns: list = []
