"""The list of webinars: one row for each occasion, with its date in its own zone and its seats."""

from datetime import datetime

import django_filters
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.forms import RadioSelect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.viewsets.pages import PageListingViewSet

from core import clock, dates
from core.admin.pagelists import SourceIndex, StatusColumn, TitleColumn
from core.admin.translating import with_translating
from core.models import Term
from core.seats import SeatState
from events import rules
from events.enums import Availability, RegistrationState
from events.models import Event, Registration, WebinarPage
from events.schedule import wall_clock

WHEN = [("coming", _("Coming")), ("past", _("Past"))]


class WebinarFilters(WagtailFilterSet):
    when = django_filters.ChoiceFilter(
        label=_("When"), choices=WHEN, method="filter_when", widget=RadioSelect, empty_label=_("All")
    )
    format = django_filters.ModelChoiceFilter(
        label=pgettext_lazy("event", "Format"),
        queryset=lambda request: Term.objects.of("event-format"),
        widget=RadioSelect,
        empty_label=_("All"),
    )
    seats = django_filters.ChoiceFilter(
        label=_("Seats"),
        choices=SeatState.choices,
        field_name="event_seat_state",
        widget=RadioSelect,
        empty_label=_("All"),
    )

    class Meta:
        model = WebinarPage
        fields = ["when", "format", "seats"]

    def filter_when(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep what is still to end, or what has ended; a draft without dates is still to come."""
        now = clock.now()
        if value == "past":
            return queryset.filter(ends_at__lte=now)
        return queryset.filter(Q(ends_at__gt=now) | Q(ends_at=None))


class SeatsColumn(Column):
    """Seats taken, waiting and in all; leads to the registrations for those who may read them."""

    cell_template_name = "events/admin/seats_cell.html"

    def get_value(self, instance: WebinarPage) -> str:
        """Return for example "46 of 50, 3 waiting"."""
        return seats_in_words(instance)

    def get_cell_context_data(self, instance: WebinarPage, parent_context: dict) -> dict:
        """Add the address of the event's registrations."""
        context = super().get_cell_context_data(instance, parent_context)
        if instance.event_id and rules.may_see_registrations(parent_context["request"].user):
            context["url"] = f"{reverse('registrations:index')}?event={instance.event_id}"
        return context


class WebinarIndex(SourceIndex):
    """The list of webinars, with what the records know."""

    default_ordering = "-starts_at"
    page_title = _("Webinars")

    def get_base_queryset(self) -> QuerySet:
        """Leave out what stands for an occasion whose record is kept in another language."""
        written_elsewhere = Event.objects.filter(translation_key=OuterRef("translation_key")).exclude(
            source_locale=OuterRef("locale")
        )
        return super().get_base_queryset().filter(~Exists(written_elsewhere))

    def annotate_queryset(self, pages: QuerySet) -> QuerySet:
        """Add the record's state and seats, and what the buttons need to know, in the same statement."""
        return super().annotate_queryset(with_translating(with_records(pages)))


def with_records(pages: QuerySet) -> QuerySet:
    """Add what the event record of each page says, and how many seats are taken and waited for."""
    events = Event.objects.filter(translation_key=OuterRef("translation_key"))
    return pages.annotate(
        event_id=Subquery(events.values("pk")[:1]),
        event_status=Subquery(events.values("status")[:1]),
        event_seat_state=Subquery(events.values("seat_state")[:1]),
        seats_taken=_count(RegistrationState.CONFIRMED),
        seats_waiting=_count(RegistrationState.WAITING),
    )


def _count(state: RegistrationState) -> Subquery:
    rows = Registration.objects.filter(event__translation_key=OuterRef("translation_key"), state=state)
    counted = rows.order_by().values("event").annotate(number=Count("pk")).values("number")
    return Subquery(counted, output_field=IntegerField())


def starts_in_words(page: WebinarPage) -> str:
    """Return the start on the clocks of the event's zone, such as "2026-12-12 15:00 Brussels"."""
    if page.starts_at is None:
        return ""
    wall: datetime = wall_clock(page.starts_at, page.timezone)
    return f"{dates.left_to_right(f'{wall:%Y-%m-%d %H:%M}')} {dates.zone_city(page.timezone)}"


def seats_in_words(page: WebinarPage) -> str:
    """Return seats taken, in all and waited for."""
    taken, waiting = page.seats_taken or 0, page.seats_waiting or 0
    words = (
        ngettext("%(taken)s seat", "%(taken)s seats", taken) % {"taken": taken}
        if page.capacity is None
        else _("%(taken)s of %(capacity)s") % {"taken": taken, "capacity": page.capacity}
    )
    if waiting:
        words = _("%(seats)s, %(waiting)s waiting") % {"seats": words, "waiting": waiting}
    return str(words)


def state_in_words(page: WebinarPage) -> str:
    """Return what a visitor meets now."""
    if page.event_id is None:
        return ""
    event = Event(
        starts_at=page.starts_at or clock.now(),
        ends_at=page.ends_at or clock.now(),
        status=page.event_status,
        seat_state=page.event_seat_state,
        registration_opens_at=page.registration_opens_at,
        registration_closes_at=page.registration_closes_at,
    )
    return str(Availability(event.availability()).label)


class Webinars(PageListingViewSet):
    """The entry of the menu."""

    name = "webinars"
    model = WebinarPage
    icon = "date"
    menu_label = _("Webinars")
    index_view_class = WebinarIndex
    filterset_class = WebinarFilters
    list_per_page = 50
    export_filename = "webinars"
    columns: list[BaseColumn] = [
        TitleColumn("title", label=_("Title"), sort_key="title", classname="title"),
        Column("starts", label=_("Starts"), accessor=starts_in_words, sort_key="starts_at"),
        SeatsColumn("seats", label=_("Seats")),
        Column("state", label=_("State"), accessor=state_in_words),
        StatusColumn("status", label=_("Status"), sort_key="live", width="12%"),
    ]
