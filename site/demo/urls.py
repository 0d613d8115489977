"""Addresses under /dev/, which exist with the demo settings only."""

from django.urls import include, path

from core.views import gallery

urlpatterns = [
    path("inbox/", include("demo.inbox.urls")),
    path("components/", gallery.index, name="components"),
    path("components/<slug:name>/", gallery.detail, name="component"),
]
