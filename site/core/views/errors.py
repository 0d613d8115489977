"""Pages shown when something went wrong."""

from django.http import HttpResponse
from django.views.csrf import csrf_failure  # noqa: F401
from django.views.defaults import page_not_found as not_found  # noqa: F401


def server_error(request):
    return HttpResponse(status=500)
