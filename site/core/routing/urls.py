"""Wagtail's addresses of pages, with our view behind those that lead to a page."""

from django.urls import re_path
from wagtail import urls as wagtail_urls

from core.routing.views import serve

# In Wagtail's order: its own doors under _util/ come before the pattern that fits every path.
urlpatterns = [
    re_path(wagtail_urls.serve_pattern, serve, name="wagtail_serve") if pattern.name == "wagtail_serve" else pattern
    for pattern in wagtail_urls.urlpatterns
]
