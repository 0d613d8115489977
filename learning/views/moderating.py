"""A moderator's cohort: everybody by city and name, the same as a spreadsheet, and who still waits for a decision."""

from uuid import UUID

from allauth.core.internal.httpkit import authenticated_user
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from learning import access, cohort_words, sheets
from learning.enums import EnrolmentState
from learning.errors import LearningError
from learning.forms import DeclineForm
from learning.models import Enrolment
from learning.services import admit, decline

SEE_OTHER, REFUSED = 303, 422


@method_decorator(never_cache, name="dispatch")
class ModerateView(LoginRequiredMixin, View):
    """Shows the cohort as a table, and the same as a spreadsheet."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """Show everybody by city and name, those who left at the end."""
        cohort = access.moderated_cohort(request, slug)
        found = Enrolment.objects.filter(cohort=cohort).with_progress().select_related("local_government")
        rows = sorted(found.by_name(), key=lambda one: not one.is_live)
        sheet = sheets.Sheet(sheets.OF_COHORT, rows, filename=cohort.slug)
        if (answer := sheet.answer(request)) is not None:
            return answer
        context = {
            **cohort_words.about(cohort, request),
            "sheet": sheet,
            "applications": Enrolment.objects.applications().filter(cohort=cohort).select_related("local_government"),
        }
        return render(request, "learning/moderate.html", context)


@never_cache
@login_required
@require_POST
def admitting(request: HttpRequest, slug: str, enrolment_key: UUID) -> HttpResponse:
    """Admit one application."""
    cohort = access.moderated_cohort(request, slug)
    enrolment = get_object_or_404(Enrolment, cohort=cohort, uuid=enrolment_key)
    try:
        admit(enrolment_id=enrolment.pk, by=authenticated_user(request))
    except LearningError as refusal:
        messages.error(request, str(refusal))
    return _back(slug)


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
            decline(enrolment_id=enrolment.pk, by=authenticated_user(request), reason=form.cleaned_data["reason"])
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
    return render(request, "learning/moderate_decline.html", context, status=REFUSED if form.is_bound else 200)


def _back(slug: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("cohort_moderate", args=[slug]), status=SEE_OTHER)
