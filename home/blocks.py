"""Blocks of the home page that are fed by what is happening now."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from core import epochs, languages
from core.blocks import FigureBlock
from home import live


class Action(blocks.StructValue):
    @property
    def url(self) -> str:
        """The section's address in the reader's language."""
        return f"/{languages.current()}/{self['section']}/"


class ActionBlock(blocks.StructBlock):
    """A button that leads to a section; the address follows the reader's language."""

    label = blocks.CharBlock(label=_("label"), max_length=40)
    section = blocks.ChoiceBlock(
        label=_("section"),
        choices=[
            ("learning", _("Learning")),
            ("events", _("Events")),
            ("knowledge", _("Knowledge")),
            ("cities", _("Cities")),
            ("news", _("News")),
        ],
    )

    class Meta:
        icon = "link"
        label = _("Button")
        value_class = Action
        template = "home/blocks/action.html"
        description = _("A button that leads to a section of the site.")
        preview_value = {"label": _("Find a course"), "section": "learning"}


class OpeningBlock(blocks.StructBlock):
    """The first screen: the page's title and summary, buttons, and the world map of cities."""

    actions = blocks.ListBlock(ActionBlock(), label=_("buttons"), max_num=2)
    show_map = blocks.BooleanBlock(label=_("show the map of cities"), required=False, default=True)

    class Meta:
        icon = "home"
        label = _("Opening")
        template = "home/blocks/opening.html"
        description = _("The page's title and summary with up to two buttons and the map of cities.")
        preview_value = {"actions": [{"label": _("Find a course"), "section": "learning"}], "show_map": True}

    def get_preview_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        """Add a page to take title and summary from."""
        context = super().get_preview_context(value, parent_context)
        example = {"title": _("Cities learn from each other"), "summary": _("Courses, events and good practice.")}
        return {**context, "page": example}

    def get_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        context = super().get_context(value, parent_context=parent_context)
        context["actions"] = [
            {"label": action["label"], "url": action.url, "kind": kind}
            for action, kind in zip(value["actions"], ("", "quiet"), strict=False)
        ]
        if value["show_map"]:
            key = ("city map", languages.current())
            context["city_map"] = epochs.kept(context.get("request"), key, live.city_map)
        return context


class ComingEventsBlock(blocks.StructBlock):
    """The next events, in the reader's language where there is one."""

    heading = blocks.CharBlock(label=_("heading"), max_length=80)
    count = blocks.IntegerBlock(label=_("how many"), min_value=1, max_value=6, default=3)

    class Meta:
        icon = "date"
        label = _("Coming events")
        template = "home/blocks/coming_events.html"
        description = _("The next events with date and seats; it keeps itself up to date.")
        preview_value = {"heading": _("Coming up"), "count": 3}

    def get_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        context = super().get_context(value, parent_context=parent_context)
        context["events"] = live.coming_events(languages.current(), value["count"], context.get("request"))
        return context


class CoursesBlock(blocks.StructBlock):
    """Courses, newest first, in the reader's language where there is one."""

    heading = blocks.CharBlock(label=_("heading"), max_length=80)
    count = blocks.IntegerBlock(label=_("how many"), min_value=1, max_value=6, default=2)

    class Meta:
        icon = "openquote"
        label = _("Courses")
        template = "home/blocks/courses.html"
        description = _("Courses with their path; it keeps itself up to date.")
        preview_value = {"heading": _("Learn as a city"), "count": 2}

    def get_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        context = super().get_context(value, parent_context=parent_context)
        language, count, request = languages.current(), value["count"], context.get("request")
        key = ("newest courses", language, count)
        context["courses"] = epochs.kept(request, key, lambda: live.courses(language, count, request))
        return context


class FiguresBlock(blocks.StructBlock):
    """Figures with unit, year and source, side by side."""

    heading = blocks.CharBlock(label=_("heading"), max_length=80)
    figures = blocks.ListBlock(FigureBlock(), label=_("figures"), min_num=1, max_num=6)

    class Meta:
        icon = "form"
        label = _("Figures")
        template = "home/blocks/figures.html"
        description = _("Up to six figures, each with its year and source.")
        preview_value = {
            "heading": _("What cities have done"),
            "figures": [
                {
                    "value": Decimal(977000),
                    "label": _("trees planted and tracked in Freetown"),
                    "year": 2024,
                    "source_name": _("City council communication"),
                }
            ],
        }


LIVE_BLOCKS = [
    ("opening", OpeningBlock()),
    ("coming_events", ComingEventsBlock()),
    ("courses", CoursesBlock()),
    ("figures", FiguresBlock()),
]
