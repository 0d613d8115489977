"""A number with everything that makes it worth believing."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from core import languages, numbers


class FigureBlock(blocks.StructBlock):
    """A figure: value, unit, year, boundary and source, so that it can be checked and compared."""

    value = blocks.DecimalBlock(label=_("value"), max_digits=15, decimal_places=3)
    unit = blocks.CharBlock(
        label=_("unit"), max_length=40, required=False, help_text=_("Such as tCO2e or inhabitants.")
    )
    label = blocks.CharBlock(label=_("what it counts"), max_length=160)
    year = blocks.IntegerBlock(label=_("year"), min_value=1900, max_value=2100)
    boundary = blocks.CharBlock(
        label=_("boundary"), max_length=160, required=False, help_text=_("What is counted in and what is left out.")
    )
    source_name = blocks.CharBlock(label=_("source"), max_length=160)
    source_url = blocks.URLBlock(label=_("address of the source"), required=False)

    def get_context(self, value, parent_context=None):
        """Add `number`, the value as people write it in the reader's language, and `year` without separators."""
        context = super().get_context(value, parent_context)
        number, year = value.get("value"), value.get("year")
        context["number"] = "" if number is None else numbers.decimal(number, languages.current())
        context["year"] = "" if year is None else str(year)
        return context

    class Meta:
        template = "blocks/figure.html"
        icon = "order"
        label = _("Figure")
        label_format = "{value} {unit}"
        group = _("Facts")
        form_layout = ["value", "unit", "label", "year", "boundary", "source_name", "source_url"]
        description = _("One number with its unit, year, boundary and source.")
        preview_value = {
            "value": Decimal(1250000),
            "unit": "tCO2e",
            "label": _("saved by district heating"),
            "year": 2024,
            "boundary": _("city territory, scopes 1 and 2"),
            "source_name": _("City energy report"),
            "source_url": "https://example.org/report",
        }
