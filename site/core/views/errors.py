"""Pages shown when something went wrong; each is a template named after its status code."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.cache import never_cache
from django.views.defaults import page_not_found as not_found  # noqa: F401

from core import typed

RETRY_SECONDS = 30


@never_cache
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Ask in the reader's language to send the form once more, and give back what was typed.

    The form itself does not come back: one that another site has filled in must not be a click away from being sent.
    The reason is for our log, which has it.
    """
    return render(request, "403_csrf.html", {"typed": typed.given_back(request.POST)}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say in all languages, without a template's data, that it is our fault; 503 when the database is away.

    Reads nothing: whatever is broken may be what a fuller page would need.
    """
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        page = loader.get_template("503.html").render()
        return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})
    return HttpResponse(loader.get_template("500.html").render(), status=500)
