"""The floor for pages: a Django view without middleware, apps or database that returns bytes read once from a file."""

import os
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

settings.configure(
    DEBUG=False,
    SECRET_KEY="for-benchmarks-on-loopback-only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_TZ=True,
)
django.setup()

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()


def page(request: HttpRequest) -> HttpResponse:
    """Return the bytes as a page."""
    return HttpResponse(BODY, headers={"Content-Length": str(len(BODY))})


urlpatterns = [re_path("", page)]
application = get_wsgi_application()
