"""Addresses of the foundation: health, the way to a language, what robots read, drawn covers, private documents."""

from django.urls import path

from core.views import covers, health, metrics, passwords, robots, welcome

urlpatterns = [
    path("", welcome.to_best_language, name="welcome"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.exposition, name="metrics"),
    path("robots.txt", robots.robots, name="robots"),
    path("sitemap.xml", robots.sitemap, name="sitemap"),
    path(".well-known/security.txt", robots.security, name="security_txt"),
    path("documents/authenticate_with_password/<int:restriction_id>/", passwords.of_document),
    path("covers/<slug:topic>/<path:key>.svg", covers.cover, name="cover"),
]
