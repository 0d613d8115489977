"""The list of subscribers: filters, search, spreadsheets of exactly what the screen shows."""

from collections.abc import Iterable
from functools import cached_property

import django_filters
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import HeaderButton

from core import countries, languages
from core.admin.records import RecordList
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from core.models import Term
from newsletter import rules
from newsletter.admin.subscriber import BlockView, SubscriberView, UnblockView, UnsubscribeView, topics
from newsletter.enums import SubscriberState
from newsletter.models import Subscriber
from newsletter.models.subscriber import INTERESTS


def _countries() -> Iterable[tuple[str, str]]:
    return countries.choices(languages.current())


def _topics(request: HttpRequest | None) -> "QuerySet[Term]":
    return Term.objects.of(INTERESTS)


class SubscriberFilters(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=SubscriberState.choices, widget=CheckboxSelectMultiple
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), choices=languages.choices, widget=RadioSelect, empty_label=_("All")
    )
    interests = django_filters.ModelMultipleChoiceFilter(
        label=_("Topics"), queryset=_topics, widget=CheckboxSelectMultiple
    )
    country = django_filters.ChoiceFilter(label=_("Country"), choices=_countries)
    asked_at = django_filters.DateFromToRangeFilter(label=_("Asked"), widget=DateRangePickerWidget)

    class Meta:
        model = Subscriber
        fields = ["state", "language", "interests", "country", "asked_at"]


class SubscriberIndex(ScreenExportMixin, IndexView):
    """The list, newest first; search takes a part of the address."""

    page_title = _("Subscribers")
    any_permission_required = ["view"]
    is_searchable = True

    def get_base_queryset(self) -> QuerySet:
        """Bring along the topics, so that rows cost no statements of their own."""
        return Subscriber.objects.prefetch_related("interests")

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        """Look into the address."""
        words = self.search_query.strip() if self.is_searching else ""
        return queryset.filter(email__icontains=words) if words else queryset

    def get_list_buttons(self, instance: Subscriber) -> list:
        """Offer nothing in the list: what can be done stands on each subscriber's own page."""
        return []

    @cached_property
    def header_buttons(self) -> list:
        """Offer to block an address, known or not."""
        if not rules.may_change_subscribers(self.request.user):
            return []
        return [HeaderButton(label=_("Block an address"), url=reverse("subscribers:block"), icon_name="cross")]


def _language(subscriber: Subscriber) -> str:
    return languages.shown_name(subscriber.language)


def _country(subscriber: Subscriber) -> str:
    return countries.name(subscriber.country, languages.current()) if subscriber.country else ""


class Subscribers(RecordList):
    """Index, one page for each subscriber, and what staff may do about it; nothing is typed into rows."""

    name = "subscribers"
    model = Subscriber
    icon = "user"
    menu_label = _("Subscribers")
    inspect_view_enabled = True
    index_view_class = SubscriberIndex
    inspect_view_class = SubscriberView
    filterset_class = SubscriberFilters
    export_filename = "subscribers"
    list_display = [
        "email",
        Column("state", label=_("State"), accessor="get_state_display", sort_key="state"),
        Column("language", label=_("Language"), accessor=_language, sort_key="language"),
        Column("country", label=_("Country"), accessor=_country, sort_key="country"),
        WordsColumn("interests", label=_("Topics"), accessor=topics),
        MomentColumn("asked_at", label=_("Asked"), sort_key="asked_at"),
        MomentColumn("confirmed_at", label=_("Confirmed"), sort_key="confirmed_at"),
        MomentColumn("left_at", label=_("Ended"), sort_key="left_at"),
        Column("left_why", label=_("How it ended"), accessor="get_left_why_display"),
    ]

    def get_own_urlpatterns(self) -> list[URLPattern]:
        """Return what staff may look at and do."""
        return [
            path("block/", BlockView.as_view(), name="block"),
            path("<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/unsubscribe/", UnsubscribeView.as_view(), name="unsubscribe"),
            path("<int:pk>/unblock/", UnblockView.as_view(), name="unblock"),
        ]
