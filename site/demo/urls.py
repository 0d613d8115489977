"""Addresses under /dev/, which exist with the demo settings only."""

from django.urls import path

from core.views import gallery

urlpatterns = [
    path("components/", gallery.index, name="components"),
    path("components/<slug:name>/", gallery.detail, name="component"),
]

