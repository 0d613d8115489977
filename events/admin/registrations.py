"""The list of registrations: filters, search, spreadsheets of exactly what the screen shows."""

from collections.abc import Iterable

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import HeaderButton

from core import countries, dates, languages, personal
from core.admin.records import OfferedPolicy, RecordList
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from core.models import Term
from events import rules
from events.admin.publishing import NEWS, news_of_event
from events.admin.registration import CancelView, PromoteView, RegistrationView, RenewLinksView
from events.enums import RegistrationState
from events.models import Event, Registration
from mail.admin.mailbox import MailboxColumn


class RegistrationPolicy(OfferedPolicy):
    """People register themselves: staff may look and change what services offer, never add or delete rows."""

    offered = frozenset({"view", "change"})


def _countries() -> Iterable[tuple[str, str]]:
    return countries.choices(languages.current())


def _events(request) -> QuerySet:
    registered = Registration.objects.filter(event=OuterRef("pk"))
    return Event.objects.filter(Exists(registered)).order_by("-starts_at")


class RegistrationFilters(WagtailFilterSet):
    event = django_filters.ModelChoiceFilter(label=_("Event"), queryset=_events)
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=RegistrationState.choices, widget=CheckboxSelectMultiple
    )
    country = django_filters.ChoiceFilter(label=_("Country"), choices=_countries)
    organisation_type = django_filters.ModelChoiceFilter(
        label=_("Type of organisation"), queryset=lambda request: Term.objects.of("organisation-type")
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), choices=languages.choices, widget=RadioSelect, empty_label=_("All")
    )
    attended = django_filters.ChoiceFilter(
        label=_("Attendance"),
        choices=[("yes", _("Was there")), ("no", _("Was not seen"))],
        method="filter_attended",
        widget=RadioSelect,
        empty_label=_("All"),
    )
    registered_at = django_filters.DateFromToRangeFilter(label=_("Registered"), widget=DateRangePickerWidget)

    class Meta:
        model = Registration
        fields = ["event", "state", "country", "organisation_type", "language", "attended", "registered_at"]

    def filter_attended(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep who was there, or everybody else."""
        return queryset.filter(joined_at__isnull=value == "no")


class RegistrationIndex(ScreenExportMixin, IndexView):
    """The list, newest first; search takes a part of the name, the address or the organisation."""

    page_title = _("Registrations")
    any_permission_required = ["view"]
    is_searchable = True

    @cached_property
    def columns(self) -> list[BaseColumn]:
        """The columns without the event's where the list is of one event: it would say the same in every row."""
        title, *others = super().columns
        # The first column is Wagtail's own, which leads to the row's page.
        title.accessor = personal.shown_name
        return [title, *(column for column in others if not (self.event and column.name == "event"))]

    @cached_property
    def event(self) -> Event | None:
        """The event whose registrations alone are listed, if it is one's."""
        # Not by what the address says: what is no event of ours filters nothing.
        chosen = self.filters.form if self.filters is not None else None
        return chosen.cleaned_data.get("event") if chosen is not None and chosen.is_valid() else None

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Lead from one event's registrations to news they will be told, and to what staff write and have written."""
        found: list[HeaderButton] = []
        if self.event is None:
            return found
        if news := news_of_event(self.event, self.request.user):
            found.append(HeaderButton(NEWS, url=news, icon_name="mail", priority=5))
        if rules.may_write_to_registered(self.request.user):
            written, write = (reverse(f"events_message{name}", args=[self.event.pk]) for name in ("s", "_write"))
            found += [
                HeaderButton(_("Messages to registered people"), url=written, icon_name="mail", priority=10),
                HeaderButton(_("Write to registered people"), url=write, icon_name="edit", priority=20),
            ]
        return found

    def get_base_queryset(self) -> QuerySet:
        """Bring along what the columns show, so that rows cost no statements of their own."""
        return Registration.objects.with_number().with_presence().select_related("event", "organisation_type")

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into name, address and organisation."""
        if not self.is_searching:
            return queryset
        words = self.search_query.strip()
        return queryset.filter(Q(name__icontains=words) | Q(email__icontains=words) | Q(organisation__icontains=words))

    def get_list_buttons(self, instance: Registration) -> list:
        """Offer nothing in the list: what can be done stands on each registration's own page."""
        return []


def _country(registration: Registration) -> str:
    return countries.name(registration.country, languages.current()) if registration.country else ""


def _type(registration: Registration) -> str:
    return registration.organisation_type.label if registration.organisation_type else ""


def _language(registration: Registration) -> str:
    return languages.shown_name(registration.language)


def _zone(registration: Registration) -> str:
    return dates.zone_city(registration.timezone)


class Registrations(RecordList):
    """Index, one page for each registration, and what staff may do to it; nothing is typed into rows."""

    name = "registrations"
    model = Registration
    icon = "user"
    menu_label = _("Registrations")
    inspect_view_enabled = True
    index_view_class = RegistrationIndex
    inspect_view_class = RegistrationView
    filterset_class = RegistrationFilters
    export_filename = "registrations"
    list_display = [
        "name",
        MailboxColumn("email", label=_("E-mail address"), accessor=personal.shown_address, sort_key="email_key"),
        WordsColumn("event", label=_("Event"), accessor="event.title", sort_key="event__starts_at"),
        Column("state", label=_("State"), accessor="get_state_display", sort_key="state"),
        Column("number", label=_("Waiting number"), sort_key="number"),
        Column("country", label=_("Country"), accessor=_country, sort_key="country"),
        WordsColumn("organisation", label=_("Organisation"), sort_key="organisation"),
        Column("organisation_type", label=_("Type of organisation"), accessor=_type),
        Column("language", label=_("Language"), accessor=_language, sort_key="language"),
        Column("timezone", label=_("Time zone"), accessor=_zone, sort_key="timezone"),
        MomentColumn("registered_at", label=_("Registered"), sort_key="registered_at"),
        MomentColumn("joined_at", label=_("Joined"), sort_key="joined_at"),
    ]

    def get_own_urlpatterns(self) -> list[URLPattern]:
        """Return what staff may look at and do."""
        return [
            path("<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/cancel/", self.construct_view(CancelView), name="cancel"),
            path("<int:pk>/promote/", self.construct_view(PromoteView), name="promote"),
            path("<int:pk>/links/", self.construct_view(RenewLinksView), name="links"),
        ]
