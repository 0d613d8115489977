"""A person's own data: what is kept, a copy of it, and the end of the account."""

from http import HTTPStatus

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import fresh, services
from accounts.enums import Channel
from accounts.errors import LastAdministrator
from accounts.middleware import REFUSED
from accounts.models import User
from accounts.visitors import signed_in
from core import clock, personal
from core.emailkeys import one_spelling
from core.forms import Line

# In the address of "My data" for whoever has just shown that it is them.
SHOWN = "shown"


class DeleteForm(forms.Form):
    """Asks for the account's own address, which nobody types by mistake."""

    address = Line(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("Type the address with which you sign in, to show that you mean it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Type the address with which you sign in.")},
    )

    def __init__(self, *args, person: User, **kwargs) -> None:
        self.person = person
        super().__init__(*args, **kwargs)

    def clean_address(self) -> str:
        """Refuse any other address."""
        if one_spelling(self.cleaned_data["address"]) != self.person.email:
            raise forms.ValidationError(_("This is not the address with which you sign in."), code="other")
        return self.person.email


@login_required
@never_cache
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Show what is kept about a person and for how long, and lead to the copy and to the end (GDPR Article 15)."""
    found = services.counts(services.subject_of(signed_in(request)))
    context = {
        "found": [(kind, number) for kind, number in found if number],
        "has_shown": SHOWN in request.GET and not fresh.needs_to_show(request),
    }
    return render(request, "accounts/data.html", context)


@login_required
@never_cache
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """Send all of it as one file, in the person's language (GDPR Articles 15 and 20).

    Whoever is first asked whether it is them comes back to the page with the button.
    """
    if fresh.needs_to_show(request):
        return fresh.ask_and_lead_to(f"{reverse('account_data')}?{SHOWN}=1#copy")
    return _file(request)


@fresh.recently_shown
def _file(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    with override(person.language):
        content = services.export(subject=services.subject_of(person), channel=Channel.SELF)
    return zip_file(content)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh.recently_shown
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays; a POST with the person's address typed in ends the account (GDPR Article 17)."""
    person = signed_in(request)
    form = DeleteForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_bound and form.is_valid():
        try:
            services.erase(subject=services.subject_of(person), channel=Channel.SELF)
        except LastAdministrator as refusal:
            form.add_error(None, str(refusal))
        else:
            logout(request)
            return HttpResponseRedirect(reverse("account_deleted"), status=HTTPStatus.SEE_OTHER)
    found = services.counts(services.subject_of(person))
    context = {"form": form, "kinds": [kind for kind, number in found if number]}
    return render(request, "accounts/delete.html", context, status=REFUSED if form.is_bound else 200)


@never_cache
@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """Say that the account is gone, and what stays; the page is the same for everybody."""
    return render(request, "accounts/deleted.html", {"kinds": [kind for kind in personal.kinds() if kind.stays]})


def zip_file(content: bytes) -> HttpResponse:
    """Return a file of somebody's data, which no cache keeps."""
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="gkec-data-{clock.now():%Y-%m-%d}.zip"'
    response["Cache-Control"] = "private, no-store"
    return response
