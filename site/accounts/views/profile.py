"""A person's own profile."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import ProfileForm
from accounts.middleware import REFUSED
from accounts.services import update_profile
from accounts.visitors import signed_in


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the profile, and change it on POST; the answer to a change is the page in the language now chosen."""
    person = signed_in(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, person=person)
    if not form.is_bound or not form.is_valid():
        return render(request, "accounts/profile.html", {"form": form}, status=REFUSED if form.is_bound else 200)
    update_profile(person=person, **form.cleaned_data)
    with override(person.language if "language" in form.changed_data else get_language()):
        messages.success(request, _("Your profile is saved."))
        return HttpResponseRedirect(reverse("account_profile"), status=HTTPStatus.SEE_OTHER)
