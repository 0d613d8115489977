"""The address of every page."""

urlpatterns: list = []
