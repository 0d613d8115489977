"""Asking to represent a city: finding it, asking, or proposing one that is not listed."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.visitors import signed_in
from core import limits, text
from core.folding import fold
from municipalities.errors import DecidedAlready, Gone, MembershipError
from municipalities.member_forms import ChangeForm, ProposalForm, RepresentForm
from municipalities.models import LocalGovernment, Membership
from municipalities.services import change_request, propose_local_government, represent

PER_PAGE = 30
LONGEST_SEARCH = 200
DAY = 86_400
ASKED_PER_DAY = limits.Limit("represent-person", settings.CITY_REQUESTS_PER_PERSON_PER_DAY, DAY)
PROPOSED_PER_DAY = limits.Limit("propose-city-person", settings.CITY_PROPOSALS_PER_PERSON_PER_DAY, DAY)


@require_safe
@cache_control(private=True, no_cache=True)
def choose(request: HttpRequest) -> HttpResponse:
    """List the cities of the directory, with a search through their names in every language; one statement."""
    query = _searched(request)
    listed = LocalGovernment.objects.listed()
    found = listed.named_like(query) if query else listed
    # The order is that of the reader's language, which the database does not know.
    cities = sorted(found, key=lambda city: (fold(city.display_name), city.pk))
    page = Paginator(cities, PER_PAGE).get_page(request.GET.get("page"))
    return _answer(request, "municipalities/represent.html", {"query": query, "page_obj": page})


def _searched(request: HttpRequest) -> str:
    return text.single_line(request.GET.get("q", ""))[:LONGEST_SEARCH]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask in which role and department somebody would represent a listed city, and take the answer."""
    person = signed_in(request)
    city = get_object_or_404(LocalGovernment.objects.listed(), slug=slug)
    has_coordinator = Membership.objects.deciding().filter(local_government=city).exists()
    data = request.POST if request.method == "POST" else None
    form = RepresentForm(data, person=person, has_coordinator=has_coordinator)
    context: dict[str, Any] = {"city": city, "form": form, "has_coordinator": has_coordinator}
    if form.is_bound and form.is_valid():
        if limit := limits.exceeded([(ASKED_PER_DAY, str(person.pk))]):
            form.add_error(None, limits.TOO_OFTEN)
            return limits.slowed(_answer(request, "municipalities/represent_city.html", context), limit)
        try:
            membership = represent(person=person, local_government_id=city.pk, **form.cleaned_data)
        except MembershipError as refusal:
            form.add_error(None, str(refusal))
        else:
            return _asked(request, membership)
    context["membership"] = Membership.objects.of_person(person).open().filter(local_government=city).first()
    return _answer(
        request,
        "municipalities/represent_city.html",
        context,
        HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else 200,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Ask for the name and country of a city that is not listed, and take the answer."""
    person = signed_in(request)
    data = request.POST if request.method == "POST" else None
    # What was looked for in vain is the name.
    initial = {"country": person.country, "name": _searched(request)}
    form = ProposalForm(data, initial=initial, person=person)
    if not form.is_bound or not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else 200
        return _answer(request, "municipalities/represent_new.html", {"form": form}, status)
    if limit := limits.exceeded([(PROPOSED_PER_DAY, str(person.pk))]):
        form.add_error(None, limits.TOO_OFTEN)
        return limits.slowed(_answer(request, "municipalities/represent_new.html", {"form": form}), limit)
    try:
        membership = propose_local_government(person=person, **form.cleaned_data)
    except MembershipError as refusal:
        # A city of that name was taken off the list in this very moment.
        form.add_error(None, str(refusal))
        return _answer(request, "municipalities/represent_new.html", {"form": form}, HTTPStatus.CONFLICT)
    return _asked(request, membership)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody put their own request otherwise while it waits; strangers learn nothing, not even that it exists."""
    person = signed_in(request)
    membership = get_object_or_404(Membership.objects.of_person(person).for_display(), pk=pk)
    if not membership.is_asked:
        messages.error(request, str(DecidedAlready()))
        return _mine()
    has_coordinator = Membership.objects.deciding().filter(local_government=membership.local_government_id).exists()
    data = request.POST if request.method == "POST" else None
    form = ChangeForm(data, membership=membership, has_coordinator=has_coordinator)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            change_request(membership_id=pk, by=person, **{"role": membership.role, **form.cleaned_data})
        except Gone as gone:
            raise Http404 from gone
        except MembershipError as refusal:
            form.add_error(None, str(refusal))
            status = HTTPStatus.CONFLICT
        else:
            messages.success(request, _("Saved."))
            return _mine()
    return _answer(request, "municipalities/membership_change.html", {"membership": membership, "form": form}, status)


def _asked(request: HttpRequest, membership: Membership) -> HttpResponse:
    if membership.is_asked:
        messages.success(request, _("Your request is noted. You get a mail when somebody has decided."))
    return _mine()


def _mine() -> HttpResponse:
    response = redirect("my_cities")
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _answer(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
