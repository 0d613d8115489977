"""Named reads of courses, modules and units."""

from django.db import models
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce


class ProjectedQuerySet(models.QuerySet):
    def current(self) -> "ProjectedQuerySet":
        """Keep what is taught now: the source page and those above it are live."""
        return self.filter(is_current=True)


class CourseQuerySet(ProjectedQuerySet):
    def with_totals(self) -> "CourseQuerySet":
        """Add `module_count`, `unit_count` and `total_minutes` of what is taught now."""
        taught = Q(modules__units__is_current=True)
        return self.annotate(
            module_count=Count("modules", filter=Q(modules__is_current=True), distinct=True),
            unit_count=Count("modules__units", filter=taught, distinct=True),
            total_minutes=Coalesce(Sum("modules__units__minutes", filter=taught), 0),
        )


class ModuleQuerySet(ProjectedQuerySet):
    def in_order(self) -> "ModuleQuerySet":
        """Sort as the course teaches them."""
        return self.order_by("order", "pk")


class UnitQuerySet(ProjectedQuerySet):
    def left_behind(self) -> "UnitQuerySet":
        """Return what the course no longer teaches since it was handed over to a language that has no page of it.

        What had been taken out of the course before that is among them: its records look the same.
        """
        return self.filter(is_current=False).exclude(source_locale=F("module__course__source_locale"))

    def in_order(self) -> "UnitQuerySet":
        """Sort as the course teaches them, module by module."""
        return self.order_by("module__order", "order", "pk")
