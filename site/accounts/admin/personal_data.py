"""Requests about personal data in the admin: find a person, send them a copy, erase them; and what the purge will do.

Addresses come by POST only, so that none stands in an address that a server log keeps.
"""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from accounts import rules, services
from accounts.admin.forms import NO_ADDRESS
from accounts.enums import Channel, Ground
from accounts.errors import AccountsError
from accounts.forms import NOT_IN_LIST
from accounts.models import DataRequest, User
from accounts.views.rights import zip_file
from core.personal import Subject
from core.services import purging

TITLE = _("Personal data")
TEMPLATE = "accounts/admin/personal_data.html"


class FindForm(forms.Form):
    """Whose data: an address, that of an account or of a guest."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, error_messages={"required": NO_ADDRESS, "invalid": NO_ADDRESS}
    )


class EraseForm(forms.Form):
    """Why somebody is erased, and the address once more."""

    email = forms.EmailField(widget=forms.HiddenInput)
    ground = forms.ChoiceField(
        label=_("Reason"),
        choices=Ground.choices,
        error_messages={"required": NOT_IN_LIST, "invalid_choice": NOT_IN_LIST},
    )
    again = forms.EmailField(
        label=_("The address once more"),
        max_length=254,
        help_text=_("Nothing brings back what is erased."),
        error_messages={"required": NO_ADDRESS, "invalid": NO_ADDRESS},
    )

    def clean(self) -> dict[str, Any]:
        """Refuse an address that is not the one found."""
        data = super().clean() or {}
        if data.get("again", "").lower() != data.get("email", "").lower():
            self.add_error("again", _("This is not the address that you searched for."))
        return data


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: HttpRequest) -> HttpResponse:
    """Find a person; the answer offers the copy and the erasure. `accounts.handle_personal_data` is needed."""
    actor = _require_right(request)
    form = FindForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _page(request, form=form, status=422 if form.is_bound else 200)
    subject, person = _found(actor, form.cleaned_data["email"])
    return _page(request, form=form, **_about(form.cleaned_data["email"], subject, person))


@never_cache
@require_http_methods(["POST"])
def copy(request: HttpRequest) -> HttpResponse:
    """Send the copy of somebody's data to the member of staff who passes it on (GDPR Article 15)."""
    actor = _require_right(request)
    form = FindForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    subject, _person = _found(actor, form.cleaned_data["email"])
    try:
        return zip_file(services.export(subject=subject, channel=Channel.STAFF, by=actor))
    except AccountsError as refusal:
        return _refused(request, form, refusal)


@never_cache
@require_http_methods(["POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Ask for reason and address; once both are there, erase (GDPR Article 17)."""
    actor = _require_right(request)
    form = EraseForm(request.POST if "again" in request.POST else None, initial={"email": request.POST.get("email")})
    found = FindForm(request.POST)
    if not found.is_valid():
        return _page(request, form=found, status=422)
    email = found.cleaned_data["email"]
    subject, person = _found(actor, email)
    if not form.is_bound or not form.is_valid():
        context = {**_about(email, subject, person), "erase_form": form}
        return _page(request, form=found, status=422 if form.is_bound else 200, **context)
    try:
        ground = Ground(form.cleaned_data["ground"])
        services.erase(subject=subject, channel=Channel.STAFF, ground=ground, by=actor)
    except AccountsError as refusal:
        return _refused(request, found, refusal)
    messages.success(request, _("The person is erased."))
    return _page(request, form=FindForm())


@never_cache
@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """Show what the next purge will forget, by kind, and since when the oldest has been kept (GDPR Article 5(1)(e))."""
    _require_right(request)
    context = {"due": purging.preview(), "shared": purging.SHARED, "requests_url": reverse("personal_data")}
    return render(request, "accounts/admin/retention.html", {**_header(_("Retention"), "history"), **context})


def urls() -> list[URLPattern]:
    """Return the addresses below /admin/."""
    return [
        path("personal-data/", requests, name="personal_data"),
        path("personal-data/copy/", copy, name="personal_data_copy"),
        path("personal-data/erase/", erase, name="personal_data_erase"),
        path("personal-data/retention/", retention, name="personal_data_retention"),
    ]


def _require_right(request: HttpRequest) -> User:
    """Return the member of staff, or raise PermissionDenied."""
    if not isinstance(request.user, User) or not rules.can_handle_personal_data(request.user):
        raise PermissionDenied
    return request.user


def _found(actor: User, email: str) -> tuple[Subject, User | None]:
    subject, person = services.subject_for(email=email)
    if person is not None and not rules.can_manage(actor, person):
        raise PermissionDenied
    return subject, person


def _about(email: str, subject: Subject, person: User | None) -> dict[str, Any]:
    found = [(kind, number) for kind, number in services.counts(subject) if number]
    return {"email": email, "person": person, "is_searched": True, "found": found}


def _refused(request: HttpRequest, form: forms.Form, refusal: AccountsError) -> HttpResponse:
    form.add_error(None, str(refusal))
    return _page(request, form=form, status=409)


def _page(request: HttpRequest, *, form: forms.Form, status: int = 200, **context: Any) -> HttpResponse:
    latest = DataRequest.objects.select_related("by")[:20]
    context = {**_header(TITLE, "user"), "form": form, "latest": latest, **context}
    return render(request, TEMPLATE, context, status=status)


def _header(title: Any, icon: str) -> dict[str, Any]:
    """Return what Wagtail's header and the window's title are made of."""
    crumbs = [*WagtailAdminTemplateMixin.breadcrumbs_items, {"url": "", "label": title}]
    return {"header_title": title, "header_icon": icon, "breadcrumbs_items": crumbs}
