"""The WSGI entry point that gunicorn loads."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gkec.settings.production")

application = get_wsgi_application()
# All views, before gunicorn forks: each worker would load them for its first visitor.
get_resolver().url_patterns  # noqa: B018  (asking loads them)
