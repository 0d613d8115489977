"""Addresses of the foundation: health, root, robots."""

from django.urls import path

from core.views import covers

urlpatterns = [
    path("covers/<slug:topic>/<path:key>.svg", covers.cover, name="cover"),
]

