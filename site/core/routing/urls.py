"""The address of every page; included before Wagtail's own, which it replaces."""

from django.urls import re_path
from wagtail.urls import serve_pattern

from core.routing.views import serve

urlpatterns = [re_path(serve_pattern, serve, name="wagtail_serve")]
