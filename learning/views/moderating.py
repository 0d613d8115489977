"""A moderator's cohort: everybody by city and name, the same as a spreadsheet, who waits, and taking people out."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import staff_show_a_factor
from accounts.visitors import signed_in
from learning import access, cohort_words, sheets
from learning.enums import LEAVABLE_STATES, SHOWN_STATES, EnrolmentState
from learning.errors import LearningError
from learning.forms import DeclineForm
from learning.models import Enrolment
from learning.querysets_enrolments import EnrolmentQuerySet
from learning.rules import refusal_of
from learning.services import admit, decline, withdraw_enrolment
from municipalities.models import LocalGovernment

PER_PAGE = 50


@method_decorator([staff_show_a_factor, never_cache], name="dispatch")
class ModerateView(LoginRequiredMixin, View):
    """Shows the cohort as a table, and the same as a spreadsheet."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """Show everybody by city and name, those who left at the end, or those of one city or state."""
        cohort = access.moderated_cohort(request, slug)
        everybody = Enrolment.objects.filter(cohort=cohort).with_shown_state()
        narrowed = _narrowed(request, everybody)
        found = narrowed.with_progress().select_related("local_government").by_name()
        if (answer := sheets.Sheet(sheets.OF_COHORT, found, filename=cohort.slug).answer(request)) is not None:
            return answer
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        context = {
            **cohort_words.about(cohort, request),
            "sheet": sheets.Sheet(sheets.OF_COHORT, list(page), filename=cohort.slug),
            "desk_url": request.path,
            "page_obj": page,
            "filters": _filters(request, everybody),
            "clear_url": request.path if narrowed is not everybody else "",
            # Whoever has applied in time can be admitted after closing too, until the first day begins.
            "why_shut": "" if cohort.gives_seats() else str(refusal_of(cohort) or ""),
            "why_nobody": access.why_shut(cohort),
            "applications": Enrolment.objects.applications().filter(cohort=cohort).select_related("local_government"),
        }
        return render(request, "learning/moderate.html", context)


def _narrowed(request: HttpRequest, everybody: EnrolmentQuerySet) -> EnrolmentQuerySet:
    """Keep those of the city and state that the address names; what it cannot mean is passed over."""
    found = everybody
    if city := request.GET.get("city", "").replace("\x00", ""):
        found = found.filter(local_government__slug=city)
    if (state := request.GET.get("state", "")) in SHOWN_STATES:
        found = found.filter(shown_state=state)
    return found


def _filters(request: HttpRequest, everybody: EnrolmentQuerySet) -> list[dict[str, Any]]:
    """Return the filters as their component shows them; one statement."""
    cities = LocalGovernment.objects.filter(pk__in=everybody.order_by().values("local_government"))
    options = sorted((city.display_name, city.slug) for city in cities)
    return [
        {
            "name": name,
            "label": label,
            "all": _("All"),
            "options": choices,
            "value": request.GET.get(name, ""),
        }
        for name, label, choices in (
            ("city", _("City"), [(slug, words) for words, slug in options]),
            ("state", _("State"), list(SHOWN_STATES.items())),
        )
    ]


@staff_show_a_factor
@never_cache
@login_required
@require_POST
def admitting(request: HttpRequest, slug: str, enrolment_key: UUID) -> HttpResponse:
    """Admit one application."""
    cohort = access.moderated_cohort(request, slug)
    enrolment = get_object_or_404(Enrolment, cohort=cohort, uuid=enrolment_key)
    try:
        admit(enrolment_id=enrolment.pk, by=signed_in(request))
    except LearningError as refusal:
        messages.error(request, str(refusal))
    return _back(slug)


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declining(request: HttpRequest, slug: str, enrolment_key: UUID) -> HttpResponse:
    """Ask why one application is declined; a POST declines it, with or without a reason."""
    cohort = access.moderated_cohort(request, slug)
    enrolment = get_object_or_404(Enrolment, cohort=cohort, uuid=enrolment_key)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if not form.is_bound and enrolment.state != EnrolmentState.APPLIED:
        return _back(slug)
    if form.is_bound and form.is_valid():
        try:
            decline(enrolment_id=enrolment.pk, by=signed_in(request), reason=form.cleaned_data["reason"])
        except LearningError as refusal:
            # Somebody else has decided meanwhile: the page shows how.
            messages.error(request, str(refusal))
        return _back(slug)
    context = {
        **cohort_words.about(cohort, request),
        "enrolment": enrolment,
        "form": form,
        "desk_url": reverse("cohort_moderate", args=[slug]),
    }
    return render(
        request,
        "learning/moderate_decline.html",
        context,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else 200,
    )


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdrawing(request: HttpRequest, slug: str, enrolment_key: UUID) -> HttpResponse:
    """Say what withdrawing one person means, of a city or alone; a POST does it."""
    cohort = access.moderated_cohort(request, slug)
    people = Enrolment.objects.select_related("local_government")
    member = get_object_or_404(people, cohort=cohort, uuid=enrolment_key)
    if request.method == "POST":
        try:
            withdraw_enrolment(enrolment_id=member.pk, by=signed_in(request))
            messages.success(request, _("Withdrawn."))
        except LearningError as refusal:
            messages.error(request, str(refusal))
        return _back(slug)
    if member.state not in LEAVABLE_STATES:
        return _back(slug)
    context = {
        **cohort_words.about(cohort, request),
        "city": member.local_government,
        "member": member,
        "team_url": reverse("cohort_moderate", args=[slug]),
    }
    return render(request, "learning/my_team_withdraw.html", context)


def _back(slug: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("cohort_moderate", args=[slug]), status=HTTPStatus.SEE_OTHER)
