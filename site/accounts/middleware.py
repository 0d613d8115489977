"""What stands between a visitor and the pages about accounts: the second factor, and honest status codes."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import rules, second_factor
from accounts.models import User

REFUSED = 422


def needs_no_second_factor(view: Callable) -> Callable:
    """Mark a view below /admin/ that people without a second factor may reach, such as signing out."""
    view.needs_no_second_factor = True  # type: ignore[attr-defined]
    return view


def staff_show_a_factor(view: Callable) -> Callable:
    """Mark a view outside of /admin/ whose doors a right of staff opens: they show their factor there too."""
    view.staff_show_a_factor = True  # type: ignore[attr-defined]
    return view


class SecondFactorMiddleware:
    """Stops requests below /admin/, and of marked views, by somebody who may use it but has shown no second factor.

    It comes after allauth's middleware. Visitors without the right are left to Wagtail, which sends them away.
    Autosave, previews and every other address below /admin/ pass through here, whatever their method.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args, kwargs) -> HttpResponseBase | None:
        is_marked = getattr(view, "staff_show_a_factor", False)
        for_staff = is_marked or request.path_info.startswith(reverse("wagtailadmin_home"))
        if not for_staff or not settings.SECOND_FACTOR_REQUIRED_FOR_STAFF:
            return None
        if getattr(view, "needs_no_second_factor", False) or not isinstance(request.user, User):
            return None
        if not rules.can_reach_admin(request.user):
            return None
        return None if second_factor.is_shown(request) else self._send_away(request, request.user)

    def _send_away(self, request: HttpRequest, person: User) -> HttpResponseBase:
        if not _is_navigation(request):
            # A script cannot follow to a page where somebody types a code.
            raise PermissionDenied
        way = second_factor.way_to_show(person)
        with override(person.language):
            if not second_factor.has_one(person):
                words = _("Work of staff needs a second factor. Set up an app or a passkey here first.")
                messages.warning(request, words)
                return HttpResponseRedirect(way)
        # allauth keeps what was posted and goes on with it afterwards, so nothing typed is lost.
        return suspend_request(request, way)


class RefusedFormMiddleware:
    """Gives allauth's pages the status of the project's own when a form is refused: 422 instead of 200."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        is_allauths = request.resolver_match and request.resolver_match.func.__module__.startswith("allauth.")
        if is_allauths and request.method == "POST" and response.status_code == 200:
            values = (response.context_data or {}).values()
            if any(isinstance(value, BaseForm) and value.is_bound and value.errors for value in values):
                response.status_code = REFUSED
        return response


def _is_navigation(request: HttpRequest) -> bool:
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode == "navigate" and not get_adapter().is_ajax(request) and "HX-Request" not in request.headers
