"""A number with everything that makes it worth believing."""

from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from core import epochs, languages, numbers
from core.models import Term

GRADES = "evidence-grade"


def grades() -> list[tuple[str, str]]:
    """Return slug and label of each grade of evidence, the weakest first; one query."""
    return Term.objects.choices(GRADES)


class GradeBlock(blocks.ChoiceBlock):
    """How a figure has been checked; kept as the slug of a term."""

    choices = staticmethod(grades)

    def normalize_choice(self, value):
        """Return the slug as it is: to compare it with all choices would ask for them anew at each figure."""
        return value


class FigureBlock(blocks.StructBlock):
    """A figure: value, unit, year, boundary, source and grade, so that it can be checked and compared."""

    value = blocks.DecimalBlock(label=_("value"), max_digits=15, decimal_places=3)
    unit = blocks.CharBlock(
        label=_("unit"), max_length=40, required=False, help_text=_("Such as tCO2e or inhabitants.")
    )
    label = blocks.CharBlock(label=_("what it counts"), max_length=160)
    year = blocks.IntegerBlock(label=_("year"), min_value=1900, max_value=2100)
    boundary = blocks.CharBlock(
        label=_("boundary"), max_length=160, help_text=_("What is counted in and what is left out.")
    )
    source_name = blocks.CharBlock(label=_("source"), max_length=160)
    source_url = blocks.URLBlock(label=_("address of the source"), required=False)
    grade = GradeBlock(
        label=_("evidence"), required=False, search_index=False, help_text=_("How the figure has been checked.")
    )

    def get_context(self, value, parent_context=None):
        """Add `number`, as the reader's language writes it, `year` without separators, and the label of the grade."""
        context = super().get_context(value, parent_context)
        number, year = value.get("value"), value.get("year")
        context["number"] = "" if number is None else numbers.decimal(number, languages.current())
        context["year"] = "" if year is None else str(year)
        context["grade"] = _label(value.get("grade"), context.get("request"))
        return context

    class Meta:
        template = "blocks/figure.html"
        icon = "order"
        label = _("Figure")
        label_format = "{value} {unit}"
        group = _("Facts")
        form_layout = ["value", "unit", "label", "year", "boundary", "source_name", "source_url", "grade"]
        description = _("One number with its unit, year, boundary, source and grade of evidence.")
        preview_value = {
            "value": Decimal(1250000),
            "unit": "tCO2e",
            "label": _("saved by district heating"),
            "year": 2024,
            "boundary": _("city territory, scopes 1 and 2"),
            "source_name": _("City energy report"),
            "source_url": "https://example.org/report",
            "grade": "documented",
        }


def _label(slug: str | None, request: HttpRequest | None) -> str:
    """Return the label of a grade, a retired one's too; all of them are asked for at once, however many figures."""
    if not slug:
        return ""
    language = languages.current()
    labels = epochs.kept(request, (GRADES, language), lambda: {one.slug: one.label for one in Term.objects.of(GRADES)})
    return labels.get(slug, "")
