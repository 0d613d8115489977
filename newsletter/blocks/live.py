"""Blocks fed by what is coming: in the archive as of today, in a mail as of the moment it is written."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks

from core import languages
from events import mails
from events.coming import coming
from newsletter import mailtext, offers
from newsletter.blocks.base import MailBlock


class ComingEventsBlock(MailBlock, blocks.StructBlock):
    """The next events, each with its time where it takes place."""

    heading = blocks.CharBlock(label=_("heading"), max_length=80)
    count = blocks.IntegerBlock(label=_("how many"), min_value=1, max_value=6, default=3)

    def get_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        """Add `events`."""
        context = super().get_context(value, parent_context)
        found = coming(value["count"], language=languages.current(), request=context.get("request"))
        return {**context, "events": found}

    def said(self, value: Any, language: str) -> dict[str, Any] | None:
        """Return the heading and the events; nothing where none is planned."""
        events = [
            {
                "title": row.title,
                "language": row.language,
                "url": mailtext.whole(row.url),
                "kind": row.kind,
                "when": mails.sentences(row.start, row.end, row.timezone, row.timezone)[0],
            }
            for row in coming(value["count"], language=language)
        ]
        return {"heading": value["heading"], "events": events} if events else None

    class Meta:
        template = "newsletter/blocks/coming_events.html"
        mail_template = "newsletter/mail/coming_events"
        icon = "date"
        label = _("Coming events")
        label_format = "{heading}"
        group = pgettext_lazy("group of blocks", "Live")
        description = _("The next events with date and seats; it keeps itself up to date.")
        preview_value = {"heading": _("Coming events"), "count": 3}


class OpenCohortsBlock(MailBlock, blocks.StructBlock):
    """Cohorts that can be joined now."""

    heading = blocks.CharBlock(label=_("heading"), max_length=80)
    count = blocks.IntegerBlock(label=_("how many"), min_value=1, max_value=6, default=3)

    def get_context(self, value: Any, parent_context: dict | None = None) -> dict[str, Any]:
        """Add `cohorts`."""
        context = super().get_context(value, parent_context)
        found = offers.open_cohorts(value["count"], language=languages.current())
        return {**context, "cohorts": found}

    def said(self, value: Any, language: str) -> dict[str, Any] | None:
        """Return the heading and the cohorts; nothing where none can be joined."""
        found = offers.open_cohorts(value["count"], language=language)
        cohorts = [
            {"title": one.title, "language": one.language, "url": mailtext.whole(one.url), "note": one.note}
            for one in found
        ]
        return {"heading": value["heading"], "cohorts": cohorts} if cohorts else None

    class Meta:
        template = "newsletter/blocks/open_cohorts.html"
        mail_template = "newsletter/mail/open_cohorts"
        icon = "group"
        label = _("Open cohorts")
        label_format = "{heading}"
        group = pgettext_lazy("group of blocks", "Live")
        description = _("Courses with a group that can be joined now; it keeps itself up to date.")
        preview_value = {"heading": _("Learn with others"), "count": 3}
