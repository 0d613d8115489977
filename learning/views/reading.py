"""Reading a unit as a member of a cohort, and marking it complete; progress keeps the revision that was read."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views import View
from django.views.decorators.cache import never_cache

from core import languages, locales
from learning import access, own
from learning.errors import LearningError, UnitNotOpen
from learning.models import Unit, UnitPage, UnitProgress
from learning.rules import may_read_unit
from learning.services import complete_unit, read_unit, reopen_unit
from learning.views.left import told_who_left


@method_decorator([never_cache, told_who_left], name="dispatch")
class UnitView(LoginRequiredMixin, View):
    """Shows a unit in the reader's language, or else in the course's; a POST marks it complete or open again."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, slug: str, unit_key: UUID) -> HttpResponseBase:
        """Find enrolment and unit; a unit of another course is as unknown as one that does not exist.

        A member whom a unit is not open to at present is led to the course, whose page says why.
        """
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.enrolment = access.own_enrolment(request, slug)
        course = self.enrolment.cohort.course_id
        unit = Unit.objects.select_related("module").filter(translation_key=unit_key, module__course=course).first()
        if unit is None:
            raise Http404
        if not may_read_unit(self.enrolment, unit):
            return self._lead_to_course(unit)
        self.unit = unit
        return super().dispatch(request, slug, unit_key)

    def get(self, request: HttpRequest, slug: str, unit_key: UUID) -> HttpResponse:
        """Show the unit and note which revision of it was read."""
        progress = None
        if request.method == "GET":
            try:
                progress = read_unit(enrolment_id=self.enrolment.pk, unit_id=self.unit.pk, **self._words())
            except UnitNotOpen:
                # Called off or withdrawn in this very moment.
                return self._lead_to_course(self.unit)
        path = own.path(self.enrolment)
        position = path.position_of(self.unit.translation_key)
        stage = path.stage_of(self.unit.module.translation_key)
        context = {
            **self._context(progress),
            "position": position,
            "stage": stage,
            "stations": [
                replace(stop, state="now") if position and stop == position.stop else stop
                for stop in (stage.stops if stage else ())
            ],
        }
        return render(request, "learning/my_unit.html", context)

    def post(self, request: HttpRequest, slug: str, unit_key: UUID) -> HttpResponse:
        """Mark the unit complete and lead back to the path, or open it again."""
        try:
            if "reopen" in request.POST:
                reopen_unit(enrolment_id=self.enrolment.pk, unit_id=self.unit.pk)
                return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
            complete_unit(enrolment_id=self.enrolment.pk, unit_id=self.unit.pk, **self._words())
        except LearningError as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("my_course", args=[slug]), status=HTTPStatus.SEE_OTHER)

    def _lead_to_course(self, unit: Unit) -> HttpResponse:
        """Lead to the member's course; its page tells of a cohort's dates, not of a unit that is taught no more."""
        if not (unit.is_current and unit.module.is_current):
            messages.error(self.request, str(UnitNotOpen()))
        return HttpResponseRedirect(
            reverse("my_course", args=[self.enrolment.cohort.slug]), status=HTTPStatus.SEE_OTHER
        )

    @cached_property
    def page(self) -> UnitPage:
        """The unit's live page in the reader's language, or else in the course's source language."""
        here = locales.ids().get(languages.current())
        wanted = {here, self.unit.source_locale_id} - {None}
        pages = UnitPage.objects.filter(translation_key=self.unit.translation_key, live=True, alias_of=None)
        found = sorted(pages.filter(locale_id__in=wanted), key=lambda page: page.locale_id != here)
        if not found:
            raise Http404
        return found[0]

    def _words(self) -> dict[str, Any]:
        """Return what there is to read at this moment, as services keep it."""
        return {"revision_id": self.page.live_revision_id, "language": locales.code_of(self.page.locale_id)}

    def _has_changed(self, progress: UnitProgress) -> bool:
        """Whether the words are others than those completed; revisions are of one language's page."""
        if not progress.completed_at or progress.revision_id is None:
            return False
        is_same_page = progress.language == locales.code_of(self.page.locale_id)
        return is_same_page and progress.revision_id != self.page.live_revision_id

    def _context(self, progress: UnitProgress | None) -> dict[str, Any]:
        return {
            "unit_page": self.page,
            "unit_language": locales.code_of(self.page.locale_id),
            "is_in_language": locales.code_of(self.page.locale_id) == languages.current(),
            "enrolment": self.enrolment,
            "cohort": self.enrolment.cohort,
            "progress": progress,
            "has_changed": progress is not None and self._has_changed(progress),
        }
