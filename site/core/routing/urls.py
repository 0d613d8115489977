"""Wagtail's addresses of pages, with our views behind those that lead to a page or take its password."""

from django.urls import path, re_path
from wagtail import urls as wagtail_urls

from core.routing.views import serve
from core.views import passwords

# In Wagtail's order: its own doors under _util/ come before the pattern that fits every path.
urlpatterns = [
    path("_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/", passwords.of_page),
    *(
        re_path(wagtail_urls.serve_pattern, serve, name="wagtail_serve") if pattern.name == "wagtail_serve" else pattern
        for pattern in wagtail_urls.urlpatterns
    ),
]
