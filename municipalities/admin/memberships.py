"""All who represent cities or asked to: filters, search, spreadsheets, and ending a membership in staff's name."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import ButtonsColumnMixin, Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import ListingButton

from accounts.visitors import signed_in
from core.admin.acts import ActView
from core.admin.records import OfferedPolicy, RecordList
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from mail.isolates import isolate
from municipalities import rules, running
from municipalities.enums import MembershipRole, MembershipState
from municipalities.errors import MembershipError
from municipalities.models import Membership
from municipalities.services import end_membership, make_coordinator


class MembershipPolicy(OfferedPolicy):
    """People ask themselves: staff may look and do what services offer, never add or delete rows."""

    offered = frozenset({"view", "change"})


class MembershipFilters(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=MembershipState.choices, widget=CheckboxSelectMultiple
    )
    role = django_filters.ChoiceFilter(
        label=_("Role"), choices=MembershipRole.choices, widget=RadioSelect, empty_label=_("All")
    )

    class Meta:
        model = Membership
        fields = ["state", "role"]


class PersonColumn(ButtonsColumnMixin, WordsColumn):
    """The person's name, and beneath it what can be done."""

    cell_template_name = "wagtailadmin/tables/title_cell.html"

    def get_buttons(self, instance, parent_context):
        """Offer to end what is approved, to those who may; what is asked is decided in the queue."""
        if instance.state != MembershipState.APPROVED or not rules.may_decide_all(parent_context["request"].user):
            return []
        buttons = [ListingButton(_("End the membership"), reverse("memberships:end", args=[instance.pk]))]
        if not instance.is_of_coordinator:
            appoint = reverse("memberships:appoint", args=[instance.pk])
            buttons.insert(0, ListingButton(_("Make coordinator"), appoint))
        return buttons


class MembershipIndex(ScreenExportMixin, IndexView):
    """The list, the latest first; search looks for person, address, department and the city's names."""

    page_title = _("All who represent a city")
    any_permission_required = ["view"]
    is_searchable = True

    def get_base_queryset(self) -> QuerySet:
        """Bring along what the columns show, so that rows cost no statements of their own."""
        return Membership.objects.for_display()

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into name, address, department and the names of the city."""
        return queryset.matching(self.search_query.strip()) if self.is_searching else queryset


class EndForm(forms.Form):
    """The last day; empty means today."""

    ends_on = forms.DateField(
        label=_("Last day"), required=False, help_text=_("Empty: today."), widget=forms.DateInput({"type": "date"})
    )


class MembershipAct(PermissionCheckedMixin, ActView):
    """Does something with one membership."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Membership
    permission_required = "change"
    done = _("Saved.")
    refusals = (MembershipError,)

    @cached_property
    def membership(self) -> Membership:
        """The membership that is acted on."""
        return get_object_or_404(Membership.objects.for_display(), pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return person and city."""
        return str(self.membership)

    def get_back_url(self) -> str:
        """Return the list."""
        return reverse("memberships:index")

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        return [{"url": self.get_back_url(), "label": MembershipIndex.page_title}]


class EndView(MembershipAct):
    """Ends a membership, for instance of a coordinator who has left, so that staff can approve the next one."""

    form_class = EndForm
    page_title = button = _("End the membership")
    sentence = _("The person is told by mail. A coordinator can then no longer enrol or approve colleagues.")

    def get_sentence(self) -> Any:
        """Warn where nobody else coordinates the team, and name the teams that nobody would coordinate to their end."""
        city, colleagues = self.membership.local_government_id, rules.colleagues_of(self.membership)
        said: list[Any] = [self.sentence]
        if rules.coordinates_alone(self.membership, colleagues):
            said.append(_("Nobody else coordinates this city's team: its requests come to staff until somebody does."))
        teams = running.teams_of([city]).get(city, [])
        if abandoned := rules.teams_abandoned(self.membership, colleagues, teams):
            words = _("Teams that nobody would coordinate until their end: %(teams)s.")
            said.append(words % {"teams": str(_(", ")).join(isolate(team.label) for team in abandoned)})
        return " ".join(map(str, said))

    def act(self, said: dict[str, Any]) -> None:
        """End it on the day that staff chose."""
        by = signed_in(self.request)
        end_membership(membership_id=self.membership.pk, by=by, ends_on=said["ends_on"])


class AppointView(MembershipAct):
    """Makes a member a coordinator, for instance where the only one has left and nobody else can."""

    page_title = button = _("Make coordinator")
    sentence = _("The person is told by mail, and can then enrol colleagues and decide who belongs to the team.")

    def act(self, said: dict[str, Any]) -> None:
        """Let the member answer for the team from now on."""
        make_coordinator(membership_id=self.membership.pk, by=signed_in(self.request))


class Memberships(RecordList):
    """Index and the two things that staff may do there; the queue beside it decides what is asked."""

    name = "memberships"
    model = Membership
    icon = "group"
    index_view_class = MembershipIndex
    filterset_class = MembershipFilters
    ordering = "-asked_at"
    export_filename = "memberships"
    list_display = [
        PersonColumn("person", label=_("Person"), accessor="person.get_full_name", sort_key="person__display_name"),
        WordsColumn("email", label=_("E-mail address"), accessor="person.email", sort_key="person__email"),
        WordsColumn(
            "city", label=_("City"), accessor="local_government.display_name", sort_key="local_government__name"
        ),
        Column("role", label=_("Role"), accessor="get_role_display", sort_key="role"),
        WordsColumn("department", label=_("Department"), sort_key="department"),
        Column("state", label=_("State"), accessor="get_state_display", sort_key="state"),
        MomentColumn("asked_at", label=_("Asked"), sort_key="asked_at"),
        Column("starts_on", label=pgettext_lazy("date", "From"), sort_key="starts_on"),
        Column("ends_on", label=_("Until"), sort_key="ends_on"),
    ]

    def get_own_urlpatterns(self) -> list[URLPattern]:
        """Return what staff may look at and do."""
        return [
            path("<int:pk>/end/", self.construct_view(EndView), name="end"),
            path("<int:pk>/appoint/", self.construct_view(AppointView), name="appoint"),
        ]
