"""Course, module and unit as records: one each, whatever the number of languages.

Enrolments, completions and dates hang from these, never from a page. `learning.services` alone writes them, from the
pages in the course's source language; unpublishing, moving or deleting pages never deletes a record.
"""

from django.db import models
from django.db.models import Deferrable, Q
from django.utils.translation import gettext_lazy as _

from learning.enums import UnitKind
from learning.querysets import CourseQuerySet, ModuleQuerySet, UnitQuerySet

IN_ORDER_WHILE_CURRENT = Q(is_current=True, order__isnull=False) | Q(is_current=False, order=None)


class Projected(models.Model):
    """What course, module and unit share: the pages they come from, and whether they are taught now."""

    translation_key = models.UUIDField(_("translation key"), unique=True, editable=False)
    source_locale = models.ForeignKey(
        "wagtailcore.Locale", verbose_name=_("source language"), on_delete=models.PROTECT, related_name="+"
    )
    source_revision_id = models.BigIntegerField(_("projected revision"), null=True, editable=False)
    title = models.CharField(_("title in the source language"), max_length=255)
    is_current = models.BooleanField(_("taught now"), default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Course(Projected):
    """A course: what a team enrols in."""

    audience = models.ManyToManyField(
        "core.Term",
        verbose_name=_("audience"),
        blank=True,
        related_name="+",
        limit_choices_to={"vocabulary": "audience"},
    )

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["title", "pk"]


class Module(Projected):
    """A part of a course that ends with something to bring home."""

    course = models.ForeignKey(Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="modules")
    order = models.PositiveSmallIntegerField(_("order"), null=True, help_text=_("Empty while it is not taught."))

    objects = ModuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("module")
        verbose_name_plural = _("modules")
        ordering = ["course", "order", "pk"]
        constraints = [
            models.CheckConstraint(condition=IN_ORDER_WHILE_CURRENT, name="learning_module_order_while_current"),
            # Deferred, since changing places passes through two modules in one place.
            models.UniqueConstraint(
                fields=["course", "order"], name="learning_module_one_per_place", deferrable=Deferrable.DEFERRED
            ),
        ]


class Unit(Projected):
    """The smallest step of a course: one sitting."""

    module = models.ForeignKey(Module, verbose_name=_("module"), on_delete=models.PROTECT, related_name="units")
    order = models.PositiveSmallIntegerField(_("order"), null=True, help_text=_("Empty while it is not taught."))
    kind = models.CharField(_("kind"), max_length=16, choices=UnitKind.choices, default=UnitKind.READING)
    minutes = models.PositiveSmallIntegerField(_("minutes"))

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["module", "order", "pk"]
        constraints = [
            models.CheckConstraint(condition=IN_ORDER_WHILE_CURRENT, name="learning_unit_order_while_current"),
            models.CheckConstraint(condition=Q(kind__in=UnitKind.values), name="learning_unit_kind_known"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="learning_unit_takes_time"),
            models.UniqueConstraint(
                fields=["module", "order"], name="learning_unit_one_per_place", deferrable=Deferrable.DEFERRED
            ),
        ]
