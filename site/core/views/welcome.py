"""The address without a language: sends each reader to the home page in the best one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from core import languages


@require_safe
def to_best_language(request: HttpRequest) -> HttpResponseRedirect:
    """Go by the account's language, the one last chosen (a cookie), the browser's list, or the default."""
    response = HttpResponseRedirect(f"/{languages.of_reader(request) or settings.LANGUAGE_CODE}/")
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    response.headers["Cache-Control"] = "private, max-age=0"
    return response
