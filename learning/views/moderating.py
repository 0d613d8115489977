"""A moderator's cohort: everybody by city and name, the same as a spreadsheet, and who still waits for a decision."""

from uuid import UUID

from allauth.core.internal.httpkit import authenticated_user
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from learning import access, cohort_words, sheets
from learning.errors import LearningError
from learning.models import Enrolment
from learning.services import admit, decline

SEE_OTHER = 303


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
            "problem": request.GET.get("problem", ""),
        }
        return render(request, "learning/moderate.html", context)


@never_cache
@login_required
@require_POST
def decide(request: HttpRequest, slug: str, enrolment_key: UUID) -> HttpResponse:
    """Admit or decline one application."""
    cohort = access.moderated_cohort(request, slug)
    enrolment = get_object_or_404(Enrolment, cohort=cohort, uuid=enrolment_key)
    address = reverse("cohort_moderate", args=[slug])
    try:
        if "admit" in request.POST:
            admit(enrolment_id=enrolment.pk, by=authenticated_user(request))
        else:
            decline(
                enrolment_id=enrolment.pk, by=authenticated_user(request), reason=request.POST.get("reason", "")[:300]
            )
    except LearningError:
        # Somebody else has decided meanwhile: the page shows how.
        return HttpResponseRedirect(address, status=SEE_OTHER)
    return HttpResponseRedirect(address, status=SEE_OTHER)
