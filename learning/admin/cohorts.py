"""The list of cohorts and their form: dates, languages, seats of the cohort and of each city, who moderates."""

from collections.abc import Iterable, Iterator
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.forms import RadioSelect
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import EditView, IndexView
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button, ListingButton
from wagtail.log_actions import log

from accounts.visitors import signed_in
from core import addresses, clock
from core.admin.acts import ActView
from core.admin.refusals import RefusedWhenStored
from core.exports import ScreenExportMixin, WordsColumn
from learning import cohort_words
from learning.audiences import CalledOff
from learning.cohort_form import CohortForm
from learning.enums import Admission
from learning.errors import CohortChanged, LearningError
from learning.models import Cohort, Course, Enrolment
from learning.rules import may_change_enrolments
from learning.services import call_off_cohort, restore_cohort
from learning.services.opening import Restoring, foresee_restoring
from mail import undo
from mail.admin.dry_run import Part, SampleView, rehearsed


class CohortFilters(WagtailFilterSet):
    course = django_filters.ModelChoiceFilter(
        label=_("Course"), queryset=lambda request: Course.objects.filter(cohorts__isnull=False).distinct()
    )
    admission = django_filters.ChoiceFilter(
        label=_("Admission"), choices=Admission.choices, widget=RadioSelect, empty_label=_("All")
    )

    class Meta:
        model = Cohort
        fields = ["course", "admission"]


class CohortIndex(ScreenExportMixin, IndexView):
    """The list, what begins last first; search takes a part of the name or of the course's title."""

    page_title = _("Cohorts")
    is_searchable = True

    def get_base_queryset(self) -> QuerySet:
        """Count seats in the same statement."""
        return Cohort.objects.with_seats().select_related("course")

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into name and course."""
        words = self.search_query.strip()
        if not self.is_searching:
            return queryset
        return queryset.filter(name__icontains=words) | queryset.filter(course__title__icontains=words)

    def get_list_buttons(self, instance: Cohort) -> list:
        """Lead to the people of the cohort, beside its form: those who may see all learners."""
        buttons = super().get_list_buttons(instance)
        if not may_change_enrolments(self.request.user):
            return buttons
        people = ListingButton(_("People"), addresses.public("cohort_moderate", instance.slug), icon_name="group")
        return [*buttons, people]


def _seats(cohort: Cohort) -> str:
    return f"{cohort.seats_held} / {'∞' if cohort.seats is None else cohort.seats}"


def _languages(cohort: Cohort) -> str:
    return cohort_words.in_words(cohort.languages)


class CohortEdit(RefusedWhenStored, EditView):
    """The form, with the way to call the cohort off; refuses what was written before somebody else's change."""

    refusal = CohortChanged

    @property
    def header_more_buttons(self) -> list[Button]:
        """Offer to call off what is not over, or to restore it."""
        cohort = self.object
        if cohort.is_over():
            return super().header_more_buttons
        name, label = ("restore", _("Restore")) if cohort.is_called_off else ("call_off", _("Cancel this cohort"))
        url = reverse(f"cohorts:{name}", args=[cohort.pk])
        return [*super().header_more_buttons, Button(label, url, icon_name="date", priority=60)]


class CohortAct(PermissionCheckedMixin, ActView):
    """Does something with one cohort."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Cohort
    permission_required = "change"
    refusals = (LearningError,)

    @cached_property
    def cohort(self) -> Cohort:
        """The cohort that is acted on."""
        return get_object_or_404(Cohort, pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return the name."""
        return self.cohort.name

    def get_back_url(self) -> str:
        """Return the form of the cohort."""
        return reverse("cohorts:edit", args=[self.cohort.pk])

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the cohort."""
        own = {"url": self.get_back_url(), "label": self.cohort.name}
        return [{"url": reverse("cohorts:index"), "label": _("Cohorts")}, own]


class CallOffView(CohortAct):
    """Calls a cohort off."""

    template_name = "mail/admin/rehearsed_act.html"
    page_title = button = _("Cancel this cohort")
    done = _("The cohort is cancelled.")

    def get_sentence(self) -> str:
        """Return what will happen, with how many are told and when."""
        people = Enrolment.objects.filter(cohort=self.cohort).told().once_each().count()
        return gettext(
            "Nobody can join or read its units any more. In %(minutes)s a mail will go to %(people)s. Restored before "
            "that, nobody is told."
        ) % {
            "minutes": undo.window_in_words(),
            "people": cohort_words.of_people(people),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of what people would be told."""
        part = Part(
            CalledOff(self.cohort),
            undo.leaves_at(),
            lambda language: reverse("cohorts:call_off_sample", args=[self.cohort.pk, language]),
        )
        return super().get_context_data(**kwargs, **rehearsed(part))

    def act(self, said: dict[str, Any]) -> None:
        """Call it off in the name of staff."""
        call_off_cohort(cohort_id=self.cohort.pk)


class CallOffSampleView(PermissionCheckedMixin, SampleView):
    """The HTML in one language of the mail that calls a cohort off."""

    model = Cohort
    permission_required = "change"

    def get_audience(self) -> CalledOff:
        """Return who would be told."""
        return CalledOff(get_object_or_404(Cohort, pk=self.kwargs["pk"]))


class RestoreView(CohortAct):
    """Lets a cohort that was called off take place after all."""

    page_title = _("Restore a cohort")
    button = _("Restore")
    done = _("The cohort takes place after all.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, unless there is nothing to restore: it takes place as it is, or is over."""
        if not self.cohort.is_called_off or self.cohort.is_over():
            return HttpResponseRedirect(self.get_back_url())
        return super().get(request, *args, **kwargs)

    def get_sentence(self) -> str:
        """Return what will happen, whether anybody has been told of the calling off, and how many are written to."""
        since = self.cohort.called_off_at
        is_untold = since is not None and clock.now() < undo.leaves_at(since=since)
        found = foresee_restoring(self.cohort)
        if not found.tells_nobody:
            return " ".join(_of_restoring(found, is_untold=is_untold))
        if is_untold:
            return gettext("Its people can join and read again. The mails have not left yet: nobody is told anything.")
        return gettext("Its people can join and read again. Nobody is written to: tell them yourself.")

    def act(self, said: dict[str, Any]) -> None:
        """Restore it in the name of staff; its history says so, which gives time to cancel it again."""
        with transaction.atomic():
            restored = restore_cohort(cohort_id=self.cohort.pk)
            log(instance=restored, action="wagtail.edit", user=signed_in(self.request))


def _of_restoring(found: Restoring, *, is_untold: bool) -> Iterator[str]:
    """Yield what restoring a cohort does, and to how many it writes."""
    yield gettext("Its people can join and read again.")
    if is_untold:
        yield gettext("The mails that it is cancelled have not left yet: nobody gets one.")
    else:
        yield gettext("Nobody is told that it takes place after all: tell them yourself.")
    if found.again:
        yield ngettext(
            "At once leaves %(number)s mail that could not leave meanwhile, such as an invitation.",
            "At once leave %(number)s mails that could not leave meanwhile, such as invitations.",
            found.again,
        ) % {"number": found.again}
    if found.promoted:
        yield ngettext(
            "%(number)s person who waits gets a seat and is told at once, and that cannot be taken back.",
            "%(number)s people who wait get a seat and are told at once, and that cannot be taken back.",
            found.promoted,
        ) % {"number": found.promoted}
    if found.in_vain:
        yield gettext(
            "It gives no more seats: in %(minutes)s a mail that says so goes to %(people)s. Cancelled again before "
            "that, that mail does not leave."
        ) % {"minutes": undo.window_in_words(), "people": cohort_words.of_people(found.in_vain)}


class Cohorts(ModelViewSet):
    """The listing of cohorts and their form."""

    name = "cohorts"
    model = Cohort
    icon = "group"
    menu_label = _("Cohorts")
    ordering = "-starts_on"
    index_view_class = CohortIndex
    edit_view_class = CohortEdit
    filterset_class = CohortFilters
    copy_view_enabled = False
    inspect_view_enabled = False
    add_to_reference_index = False
    list_per_page = 50
    export_filename = "cohorts"
    list_display = [
        "name",
        WordsColumn("course", label=_("Course"), accessor="course.title", sort_key="course__title"),
        Column("starts_on", label=_("First day"), sort_key="starts_on"),
        Column("ends_on", label=_("Last day"), sort_key="ends_on"),
        Column("languages", label=_("Languages"), accessor=_languages),
        Column("state", label=_("State"), accessor="state.label"),
        Column("seats", label=_("Seats"), accessor=_seats),
        Column("seats_waiting", label=_("Waiting"), sort_key="seats_waiting"),
        Column("applications", label=_("Applications"), sort_key="applications"),
    ]
    edit_handler = ObjectList(
        [
            MultiFieldPanel([FieldPanel("course"), FieldPanel("name"), FieldPanel("slug")], heading=_("Cohort")),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on")]),
                    FieldPanel("timezone"),
                    FieldRowPanel([FieldPanel("opens_at"), FieldPanel("closes_at")]),
                    FieldPanel("agreed"),
                ],
                heading=_("When"),
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("seats"), FieldPanel("seats_per_local_government")]),
                    FieldPanel("waiting_list"),
                    FieldPanel("admission"),
                ],
                heading=_("Seats"),
            ),
            MultiFieldPanel([FieldPanel("languages"), FieldPanel("addresses")], heading=_("Moderators")),
        ],
        base_form_class=CohortForm,
    )

    def get_urlpatterns(self) -> Iterable[URLPattern]:
        """Add the addresses of calling off and of its undoing."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/call-off/", self.construct_view(CallOffView), name="call_off"),
            path("<int:pk>/call-off/<slug:language>/", self.construct_view(CallOffSampleView), name="call_off_sample"),
            path("<int:pk>/restore/", self.construct_view(RestoreView), name="restore"),
        ]
