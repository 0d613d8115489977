"""What coordinators and moderators see of a cohort, as columns: the screen and the spreadsheet are made of the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.mixins import SpreadsheetExportMixin

from core.exports import MOMENT, MomentColumn, ScreenExportMixin
from learning.enums import EnrolmentState
from learning.models import Enrolment


def _pace(enrolment: Enrolment) -> str | Promise:
    if enrolment.state == EnrolmentState.COMPLETED:
        return _("Completed")
    if not enrolment.has_joined:
        return ""
    return _("Behind") if enrolment.is_behind else _("On track")


def _progress(enrolment: Enrolment) -> str:
    if not enrolment.has_joined:
        return ""
    # Words rather than a stroke, which spreadsheet programs read as a day and a month.
    return gettext("%(done)s of %(total)s") % {"done": enrolment.units_done, "total": enrolment.units}


def _city(enrolment: Enrolment) -> str:
    return enrolment.local_government.display_name if enrolment.local_government else ""


OF_TEAM = (
    Column("name", label=_("Name")),
    Column("email", label=_("E-mail address")),
    Column("department", label=_("Department")),
    Column("state", label=_("State"), accessor="get_state_display"),
    MomentColumn("joined_at", label=_("Joined")),
    Column("progress", label=_("Units done"), accessor=_progress),
    Column("pace", label=_("Pace"), accessor=_pace),
    MomentColumn("last_read_at", label=_("Last read")),
)
OF_COHORT = (Column("city", label=_("City"), accessor=_city), *OF_TEAM)


@dataclass(frozen=True)
class Sheet:
    """Rows and columns, shown and exported alike."""

    columns: tuple[Column, ...]
    rows: list[Enrolment]
    filename: str

    @property
    def headers(self) -> list[str | Promise]:
        """The words above the columns."""
        return [column.label for column in self.columns]

    @property
    def cells(self) -> list[tuple[Enrolment, list[str]]]:
        """Each row with the words of its cells."""
        export = _Export(self)
        return [(row, [export.words(value) for value in export.to_row_dict(row).values()]) for row in self.rows]

    def answer(self, request: HttpRequest) -> HttpResponseBase | None:
        """Return the spreadsheet that the address asks for, or None where it asks for the page."""
        wanted = request.GET.get("export", "")
        if wanted not in _Export.FORMATS:
            return None
        return _Export(self).as_spreadsheet(self.rows, wanted)


class _Export(ScreenExportMixin, SpreadsheetExportMixin):
    """Wagtail's spreadsheet of rows that stand on a page of the site."""

    def __init__(self, sheet: Sheet) -> None:
        self.columns: Iterable[Column] = sheet.columns
        self.export_filename = sheet.filename

    def words(self, value: Any) -> str:
        """Return a cell as the page shows it: what the spreadsheet says, without what keeps formulas asleep there."""
        if isinstance(value, datetime):
            return timezone.localtime(value).strftime(MOMENT)
        return str(value)
