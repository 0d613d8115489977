"""The list of cohorts and their form: dates, languages, seats of the cohort and of each city, who moderates."""

from collections.abc import Iterable, Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.forms import RadioSelect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import EditView, IndexView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button, ListingButton

from core import addresses
from core.admin.refusals import RefusedWhenStored
from core.exports import ScreenExportMixin, WordsColumn
from learning import cohort_words
from learning.admin.agreeing import AgreedPanel
from learning.admin.cohort_acts import (
    WHO,
    CallOffSampleView,
    CallOffView,
    NewsSampleView,
    NewsView,
    RestoreView,
    may_tell_somebody,
    news_url,
    tells_somebody,
)
from learning.admin.plans import of_ending, of_opening
from learning.cohort_form import CohortForm
from learning.enums import Admission
from learning.errors import CohortChanged
from learning.models import Cohort, Course
from learning.rules import may_change_enrolments
from learning.services.expiring import somebody_waits
from learning.services.foreseeing import ToBeTold, foresee_news, foresee_planned
from mail import undo


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
        """Count seats in the same statement, and see who may be told something."""
        return Cohort.objects.with_seats().annotate(somebody_waits=somebody_waits()).select_related("course")

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into name and course."""
        words = self.search_query.strip()
        if not self.is_searching:
            return queryset
        return queryset.filter(name__icontains=words) | queryset.filter(course__title__icontains=words)

    def get_list_buttons(self, instance: Cohort) -> list:
        """Lead to the people of the cohort, beside its form: those who may see all learners; and to whom it tells."""
        buttons = super().get_list_buttons(instance)
        if may_tell_somebody(instance) and self.user_has_permission("change"):
            buttons.append(ListingButton(WHO, news_url(instance), icon_name="mail"))
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
        """Offer to call off what is not over, or to restore it, and to see who will be told of what was saved."""
        cohort, buttons = self.object, [*super().header_more_buttons]
        if tells_somebody(cohort):
            buttons.append(Button(WHO, news_url(cohort), icon_name="mail", priority=50))
        if cohort.is_over():
            return buttons
        name, label = ("restore", _("Restore")) if cohort.is_called_off else ("call_off", _("Cancel this cohort"))
        url = reverse(f"cohorts:{name}", args=[cohort.pk])
        return [*buttons, Button(label, url, icon_name="date", priority=60)]

    def get_success_message(self) -> str:
        """Say how many get a seat by what was saved, or hear of none, when, and until when that can be taken back."""
        return " ".join([super().get_success_message(), *self._of_news()])

    def _of_news(self) -> Iterator[str]:
        yield from self._of_window()
        planned = [*of_opening(self._planned), *(of_ending(self._planned) if self.form.ends_nearer else [])]
        if planned:
            yield from [*planned, gettext("Changed back before that, nobody gets any of this.")]

    def _of_window(self) -> Iterator[str]:
        minutes = undo.window_in_words()
        if self._news and self._news.in_vain:
            sentence = gettext(
                "In %(minutes)s a mail that they have no seat goes to %(people)s. Changed back before that, nobody is "
                "told."
            )
            yield sentence % {"minutes": minutes, "people": cohort_words.to_people(self._news.in_vain)}
        if not self._news or not self._news.promoted:
            return
        sentence = ngettext(
            "%(number)s person who waits will get a seat in %(minutes)s and be told. Taken back before that, nobody "
            "does.",
            "%(number)s people who wait will get a seat in %(minutes)s and be told. Taken back before that, nobody "
            "does.",
            self._news.promoted,
        )
        yield sentence % {"number": self._news.promoted, "minutes": minutes}

    def get_success_buttons(self) -> list[Any]:
        """Lead on to who these are."""
        buttons = super().get_success_buttons()
        if not [*self._of_news()]:
            return buttons
        return [*buttons, messages.button(news_url(self.object), WHO)]

    @cached_property
    def _news(self) -> ToBeTold | None:
        """Who is told of what was just saved."""
        return foresee_news(Cohort.objects.get(pk=self.object.pk))

    @cached_property
    def _planned(self) -> ToBeTold:
        """Who is told later, by what was just saved."""
        return foresee_planned(Cohort.objects.get(pk=self.object.pk), self._news)


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
                    AgreedPanel("agreed"),
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
        """Add the addresses of calling off and of its undoing, and of who is told what."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/call-off/", self.construct_view(CallOffView), name="call_off"),
            path("<int:pk>/call-off/<slug:language>/", self.construct_view(CallOffSampleView), name="call_off_sample"),
            path("<int:pk>/restore/", self.construct_view(RestoreView), name="restore"),
            path("<int:pk>/news/", self.construct_view(NewsView), name="news"),
            path("<int:pk>/news/<slug:mail>/<slug:language>/", self.construct_view(NewsSampleView), name="news_sample"),
        ]
