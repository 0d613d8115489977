"""The list of all learners: filters, search, spreadsheets of what the screen shows; nothing is typed into it."""

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView

from core import languages, personal
from core.admin.records import OfferedPolicy, RecordList
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from learning.enums import SHOWN_STATES
from learning.models import Cohort, Enrolment
from mail.admin.mailbox import MailboxColumn
from municipalities.models import LocalGovernment


class EnrolmentPolicy(OfferedPolicy):
    """Coordinators and moderators enrol: staff look here, and act on the moderators' page."""


def _cohorts(request) -> QuerySet:
    return Cohort.objects.filter(Exists(Enrolment.objects.filter(cohort=OuterRef("pk")))).order_by("-starts_on")


def _cities(request) -> QuerySet:
    enrolled = Enrolment.objects.filter(local_government=OuterRef("pk"))
    return LocalGovernment.objects.filter(Exists(enrolled)).order_by("name")


class EnrolmentFilters(WagtailFilterSet):
    cohort = django_filters.ModelChoiceFilter(label=_("Cohort"), queryset=_cohorts)
    local_government = django_filters.ModelChoiceFilter(label=_("City"), queryset=_cities)
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), field_name="shown_state", choices=list(SHOWN_STATES.items()), widget=CheckboxSelectMultiple
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), choices=languages.choices, widget=RadioSelect, empty_label=_("All")
    )

    class Meta:
        model = Enrolment
        fields = ["cohort", "local_government", "state", "language"]


class EnrolmentIndex(ScreenExportMixin, IndexView):
    """The list, newest first; search takes a part of the name, the address or the department."""

    page_title = _("Learners")
    any_permission_required = ["view"]
    is_searchable = True

    def get_base_queryset(self) -> QuerySet:
        """Bring along what the columns show, so that rows cost no statements of their own."""
        rows = Enrolment.objects.with_number().with_progress().with_shown_state()
        return rows.select_related("cohort__course", "local_government")

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into name, address and department."""
        if not self.is_searching:
            return queryset
        words = self.search_query.strip()
        return queryset.filter(Q(name__icontains=words) | Q(email__icontains=words) | Q(department__icontains=words))

    def get_list_buttons(self, instance: Enrolment) -> list:
        """Offer nothing in the list: what can be done stands on the moderators' page."""
        return []


def _city(enrolment: Enrolment) -> str:
    return enrolment.local_government.display_name if enrolment.local_government else ""


def _language(enrolment: Enrolment) -> str:
    return languages.shown_name(enrolment.language)


class Enrolments(RecordList):
    """Index alone."""

    name = "enrolments"
    model = Enrolment
    icon = "user"
    menu_label = _("Learners")
    ordering = "-created_at"
    inspect_view_enabled = False
    index_view_class = EnrolmentIndex
    filterset_class = EnrolmentFilters
    export_filename = "learners"
    list_display = [
        WordsColumn("name", label=_("Name"), accessor=personal.shown_name, sort_key="name"),
        MailboxColumn("email", label=_("E-mail address"), accessor=personal.shown_address, sort_key="email_key"),
        WordsColumn("city", label=_("City"), accessor=_city, sort_key="local_government__name"),
        WordsColumn("department", label=_("Department"), sort_key="department"),
        WordsColumn("course", label=_("Course"), accessor="cohort.course.title", sort_key="cohort__course__title"),
        WordsColumn("cohort", label=_("Cohort"), accessor="cohort.name", sort_key="cohort__starts_on"),
        Column("state", label=_("State"), accessor="state_in_words", sort_key="state"),
        Column("number", label=_("Waiting number"), sort_key="number"),
        Column("language", label=_("Language"), accessor=_language, sort_key="language"),
        Column("units_done", label=_("Units done"), sort_key="units_done"),
        Column("units", label=_("Units")),
        MomentColumn("created_at", label=_("Enrolled"), sort_key="created_at"),
        MomentColumn("joined_at", label=pgettext_lazy("course", "Joined"), sort_key="joined_at"),
        MomentColumn("last_read_at", label=_("Last read"), sort_key="last_read_at"),
    ]
