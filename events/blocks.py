"""Blocks of the programme of an event."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks


class AgendaItemBlock(blocks.StructBlock):
    """One item of the programme, placed by minutes so that moving the event moves the programme along."""

    minutes = blocks.IntegerBlock(
        label=_("Minutes after the start"), min_value=0, max_value=60 * 24 * 14, help_text=_("0 for the opening.")
    )
    title = blocks.CharBlock(label=_("Title"), max_length=200)
    speakers = blocks.CharBlock(label=_("Who"), max_length=300, required=False)
    note = blocks.CharBlock(label=_("Note"), max_length=300, required=False)

    class Meta:
        template = "blocks/agenda_item.html"
        icon = "time"
        label = _("Item")
        label_format = "{minutes} · {title}"
        group = _("Programme")
        description = _("One item of the programme: when it begins, what it is about and who speaks.")
        preview_value = {
            "minutes": 10,
            "title": _("The ceiling, the measures, the report"),
            "speakers": _("City of Oslo, Department of Finance"),
            "note": "",
        }


AGENDA_BLOCKS = [("item", AgendaItemBlock())]
