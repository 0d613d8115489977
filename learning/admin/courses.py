"""The list of courses: one row for each, with its languages, its modules and its minutes."""

import django_filters
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery
from django.forms import RadioSelect
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.ui.tables.pages import BulkActionsColumn
from wagtail.admin.views.pages.listing import PageFilterSet
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.models import Page

from core import dates
from core.admin.pagelists import SourceIndex, StatusColumn, TitleColumn
from core.admin.translating import with_translating
from core.models import Term
from learning.models import Course, CoursePage


class CourseFilters(PageFilterSet):
    audience = django_filters.ModelChoiceFilter(
        label=_("Audience"),
        queryset=lambda request: Term.objects.of("audience"),
        widget=RadioSelect,
        empty_label=_("All"),
    )

    class Meta:
        model = CoursePage
        fields = ["audience"]


class CourseIndex(SourceIndex):
    """The list of courses, with what the records know."""

    page_title = _("Courses")

    def annotate_queryset(self, pages: QuerySet) -> QuerySet:
        """Add the totals of the record and the languages in which the course can be read, in the same statement."""
        totals = Course.objects.with_totals().filter(translation_key=OuterRef("translation_key")).order_by()
        readable = Page.objects.live().filter(translation_key=OuterRef("translation_key"), alias_of=None)
        return super().annotate_queryset(
            with_translating(pages).annotate(
                module_count=Subquery(totals.values("module_count"), output_field=IntegerField()),
                unit_count=Subquery(totals.values("unit_count"), output_field=IntegerField()),
                total_minutes=Subquery(totals.values("total_minutes"), output_field=IntegerField()),
                readable_in=ArraySubquery(readable.order_by("locale__language_code").values("locale__language_code")),
            )
        )


def languages_in_words(page: CoursePage) -> str:
    """Return the codes of the languages in which the course can be read."""
    return ", ".join(page.readable_in)


def reading_time(page: CoursePage) -> str:
    """Return the minutes of all units together, in words; nothing before the first unit is published."""
    return dates.duration(page.total_minutes) if page.total_minutes else ""


class Courses(PageListingViewSet):
    """The listing of courses in the menu."""

    model = CoursePage
    name = "courses"
    icon = "openquote"
    menu_label = _("Courses")
    index_view_class = CourseIndex
    filterset_class = CourseFilters
    export_filename = "courses"
    columns = [
        BulkActionsColumn("bulk_actions"),
        TitleColumn("title", label=_("Title"), sort_key="title", classname="title"),
        Column("readable_in", label=_("Languages"), accessor=languages_in_words),
        Column("module_count", label=_("Modules"), sort_key="module_count"),
        Column("unit_count", label=_("Units"), sort_key="unit_count"),
        Column("total_minutes", label=_("Reading time"), accessor=reading_time, sort_key="total_minutes"),
        DateColumn("latest_revision_created_at", label=_("Updated"), sort_key="latest_revision_created_at"),
        StatusColumn("status", label=_("Status"), sort_key="live"),
    ]
