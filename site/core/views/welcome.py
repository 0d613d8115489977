"""The address without a language: sends each reader to the home page in the best one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_safe

from core import languages


@require_safe
def to_best_language(request: HttpRequest) -> HttpResponseRedirect:
    """Go by the account's language, the one last chosen (a cookie), the browser's list, or the default."""
    code = _own_language(request) or get_language_from_request(request).split("-")[0]
    response = HttpResponseRedirect(f"/{code if code in languages.codes() else settings.LANGUAGE_CODE}/")
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def _own_language(request: HttpRequest) -> str:
    # Without the cookie nobody is signed in, and the session need not be opened.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    return getattr(request.user, "language", "")
