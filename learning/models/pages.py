"""Pages of learning: a course, its modules and their units, each in one language."""

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList, TabbedInterface
from wagtail.models import Page
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField

from core import clock, languages
from core.blocks import BODY_BLOCKS
from core.fields import StreamField
from core.models import BasePage
from core.projection import AtomicPublishing, would_speak_next
from learning import course_cards, display
from learning.enums import UnitKind
from learning.models.enrolment import Enrolment
from learning.models.records import Course, Module, Unit

# A unit is one sitting; what takes longer is two units.
LONGEST_UNIT = 240


class OnTrail:
    """A page that knows the pages above it, from its section down."""

    @cached_property
    def above(self) -> list[Page]:
        """The pages above it in the tree, the section first."""
        return display.pages_above(self)

    @cached_property
    def trail(self) -> list[Page]:
        """The section, and below it the course and module that the page belongs to."""
        return self.above


class InCourse(OnTrail):
    """A page within a course: a change of the course's path changes it too."""

    def records_above(self) -> list[Course | Module]:
        """Return the records of the course and, for a unit, of the module that teach what the page stands for."""
        raise NotImplementedError

    @cached_property
    def taught_in(self) -> list[Course | Module]:
        """The course and, for a unit, the module in which the path has it; empty while it is not taught."""
        return display.taught_in(self)

    @cached_property
    def trail(self) -> list[Page]:
        """The section, and below it course and module as the path has them."""
        return display.trail_of(self)

    @property
    def course_key_by_tree(self) -> UUID | None:
        """The translation key of the course below which the page stands."""
        # The section comes first, the course next.
        return self.above[1].translation_key if len(self.above) > 1 else None

    @cached_property
    def course_key(self) -> UUID | None:
        """The translation key of the course that the page belongs to."""
        return self.taught_in[0].translation_key if self.taught_in else self.course_key_by_tree

    def cache_tags(self) -> set[str]:
        tags = super().cache_tags()
        return {*tags, f"page:{self.course_key}"} if self.course_key else tags


class CourseIndexPage(BasePage):
    """The section page of learning: every course once, in the reader's language or else in its source language."""

    empty_text = models.CharField(
        _("text while there is no course"),
        max_length=300,
        blank=True,
        help_text=_("Says what the reader can do instead."),
    )

    content_panels = [*BasePage.content_panels, FieldPanel("empty_text")]
    subpage_types: ClassVar[list[str]] = ["learning.CoursePage"]
    max_count_per_parent = 1
    search_kind = "learning"
    cache_seconds = None

    class Meta:
        verbose_name = _("course index page")
        verbose_name_plural = _("course index pages")

    def cache_tags(self) -> set[str]:
        return {*super().cache_tags(), "list:courses"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        public = CoursePage.objects.public()
        context["courses"] = course_cards.course_cards(public, language=languages.current(), request=request)
        return context


class CoursePage(OnTrail, AtomicPublishing, BasePage):
    """The front page of a course."""

    audience = ParentalManyToManyField(
        "core.Term",
        verbose_name=_("audience"),
        blank=True,
        related_name="+",
        limit_choices_to={"vocabulary": "audience", "is_active": True},
    )
    takes_home = models.TextField(
        _("what you take home"),
        max_length=400,
        blank=True,
        help_text=_("The product that a team has in hand at the end, such as a draft of its climate budget."),
    )
    effort = models.CharField(
        _("effort"),
        max_length=160,
        blank=True,
        help_text=_("The time beside the units, such as “two team meetings of an hour”. Units add up by themselves."),
    )
    how_it_runs = models.TextField(
        _("how it runs"),
        max_length=400,
        blank=True,
        help_text=_("Says whether a moderator goes along or everybody learns at their own pace."),
    )
    body = StreamField(BODY_BLOCKS, verbose_name=_("body"), blank=True)

    search_fields = [
        *BasePage.search_fields,
        index.SearchField("takes_home"),
        index.SearchField("how_it_runs"),
        index.SearchField("body"),
    ]
    override_translatable_fields = [
        *BasePage.override_translatable_fields,
        SynchronizedField("audience", overridable=False),
    ]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    *BasePage.content_panels,
                    FieldPanel("takes_home"),
                    FieldPanel("effort"),
                    FieldPanel("how_it_runs"),
                    FieldPanel("audience"),
                ],
                heading=_("Course"),
            ),
            ObjectList([FieldPanel("body")], heading=_("Text")),
            ObjectList(BasePage.promote_panels, heading=_("Promote")),
            ObjectList(BasePage.settings_panels, heading=_("Settings")),
        ]
    )
    parent_page_types: ClassVar[list[str]] = ["learning.CourseIndexPage"]
    subpage_types: ClassVar[list[str]] = ["learning.ModulePage"]
    search_kind = "learning"
    # How its cohorts stand depends on the clock.
    cache_seconds: ClassVar[int | None] = 60
    lists = ("courses",)

    class Meta:
        verbose_name = _("course page")
        verbose_name_plural = _("course pages")

    def what_stays(self, *, without: Collection[Page] = ()) -> list[str]:
        """Add who takes part in cohorts of the course."""
        # A translation that goes takes nothing from anybody.
        course = {"cohort__course__translation_key": self.translation_key, "cohort__course__source_locale": self.locale}
        running = {"cohort__called_off_at": None, "cohort__ends_on__gte": clock.now().date()}
        number = Enrolment.objects.told().filter(**course, **running).once_each().count()
        words = ngettext(
            "Its units close for %(number)s person who is enrolled in its cohorts; the enrolment stays.",
            "Its units close for %(number)s people who are enrolled in its cohorts; the enrolments stay.",
            number,
        )
        return [*super().what_stays(without=without), *([words % {"number": number}] if number else [])]

    def what_deleting_means(self, *, without: Collection[Page] = ()) -> list[str]:
        """Say which pages speak for the course afterwards, if this is its source page: its units close without any."""
        courses = Course.objects.filter(translation_key=self.translation_key, source_locale=self.locale_id)
        other = would_speak_next(self, without=without) if courses.exists() else None
        if other is None:
            return super().what_deleting_means(without=without)
        stays = super().what_stays(without=without) if other.live else self.what_stays(without=without)
        words = _(
            "From then on its pages in %(language)s say what the course teaches; what has no public page there is no "
            "longer taught."
        )
        return [*stays, words % {"language": languages.own_name(other.locale.language_code)}]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context(request, *args, **kwargs), **display.course_context(self, request)}


class ModulePage(InCourse, AtomicPublishing, BasePage):
    """The front page of a module."""

    goals = models.TextField(
        _("goals"), max_length=1200, blank=True, help_text=_("What people can do afterwards; one goal a line.")
    )
    product = models.TextField(
        _("product"), max_length=400, blank=True, help_text=_("What the team has in hand at the end of the module.")
    )

    content_panels = [*BasePage.content_panels, FieldPanel("goals"), FieldPanel("product")]
    search_fields = [*BasePage.search_fields, index.SearchField("goals"), index.SearchField("product")]
    parent_page_types: ClassVar[list[str]] = ["learning.CoursePage"]
    subpage_types: ClassVar[list[str]] = ["learning.UnitPage"]
    search_kind = "learning"
    cache_seconds = None

    class Meta:
        verbose_name = _("module page")
        verbose_name_plural = _("module pages")

    def records_above(self) -> list[Course | Module]:
        module = Module.objects.current().filter(translation_key=self.translation_key).select_related("course").first()
        return [module.course] if module else []

    @property
    def goal_list(self) -> list[str]:
        """The goals, one by one."""
        return [goal.strip() for goal in self.goals.splitlines() if goal.strip()]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context(request, *args, **kwargs), **display.module_context(self, request)}


class UnitPage(InCourse, AtomicPublishing, BasePage):
    """One unit: what a learner reads in one sitting."""

    kind = models.CharField(_("kind"), max_length=16, choices=UnitKind.choices, default=UnitKind.READING)
    minutes = models.PositiveSmallIntegerField(
        _("minutes"),
        # Empty in drafts only: publishing asks for it.
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_UNIT)],
        help_text=_("How long a careful reader takes; a sitting of 10 to 20 minutes is best."),
    )
    body = StreamField(BODY_BLOCKS, verbose_name=_("body"), blank=True)

    content_panels = [
        *BasePage.content_panels,
        FieldRowPanel([FieldPanel("kind"), FieldPanel("minutes")]),
        FieldPanel("body"),
    ]
    search_fields = [*BasePage.search_fields, index.SearchField("body")]
    override_translatable_fields = [
        *BasePage.override_translatable_fields,
        SynchronizedField("kind", overridable=False),
        SynchronizedField("minutes", overridable=False),
    ]
    parent_page_types: ClassVar[list[str]] = ["learning.ModulePage"]
    subpage_types: ClassVar[list[str]] = []
    search_kind = "learning"
    cache_seconds = None

    class Meta:
        verbose_name = _("unit page")
        verbose_name_plural = _("unit pages")

    def records_above(self) -> list[Course | Module]:
        units = Unit.objects.current().filter(translation_key=self.translation_key)
        unit = units.select_related("module__course").first()
        return [unit.module.course, unit.module] if unit else []

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context(request, *args, **kwargs), **display.unit_context(self, request)}
