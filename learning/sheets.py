"""What coordinators and moderators see of a cohort, as columns: the screen and the spreadsheet are made of the same.

A day is one value in both: the screen writes it in words, as pages do, and a spreadsheet keeps it as a day that sorts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.mixins import SpreadsheetExportMixin

from core import dates, personal
from core.exports import ScreenExportMixin
from learning.enums import EnrolmentState
from learning.models import Enrolment


def _pace(enrolment: Enrolment) -> str | Promise:
    if enrolment.state == EnrolmentState.COMPLETED:
        return _("Completed")
    # What nobody can do any more is not behind.
    if not enrolment.has_joined or enrolment.cohort.is_over():
        return ""
    return _("Behind") if enrolment.is_behind else _("On track")


def _progress(enrolment: Enrolment) -> str:
    # Whoever has left keeps the record of what they have done.
    if enrolment.joined_at is None:
        return ""
    # Unless they have come back since, and gone on with it there.
    if enrolment.state == EnrolmentState.WITHDRAWN and enrolment.last_read_at is None:
        return ""
    # Words rather than a stroke, which spreadsheet programs read as a day and a month.
    return gettext("%(done)s of %(total)s") % {"done": enrolment.units_done, "total": enrolment.units}


def _city(enrolment: Enrolment) -> str:
    return enrolment.local_government.display_name if enrolment.local_government else ""


def _day(name: str) -> Callable[[Enrolment], date | None]:
    """Return what reads a moment of an enrolment as the day that it was in the cohort's zone."""

    def read(enrolment: Enrolment) -> date | None:
        moment: datetime | None = getattr(enrolment, name)
        return moment.astimezone(enrolment.cohort.zone).date() if moment else None

    return read


OF_TEAM = (
    Column("name", label=_("Name"), accessor=personal.shown_name),
    Column("email", label=_("E-mail address"), accessor=personal.shown_address),
    Column("department", label=_("Department")),
    Column("state", label=_("State"), accessor="state_in_words"),
    Column("joined_at", label=pgettext_lazy("course", "Joined"), accessor=_day("joined_at")),
    Column("progress", label=_("Units done"), accessor=_progress),
    Column("pace", label=_("Pace"), accessor=_pace),
    Column("last_read_at", label=_("Last read"), accessor=_day("last_read_at")),
)
OF_COHORT = (Column("city", label=_("City"), accessor=_city), *OF_TEAM)
# Why applications were declined: shown where one was.
REASON = Column("declined_because", label=_("Reason"), accessor=lambda enrolment: enrolment.declined_because or "")


def with_reasons(columns: tuple[Column, ...], rows: Iterable[Enrolment]) -> tuple[Column, ...]:
    """Return the columns, and one for reasons where a moderator gave any; rows need `with_reason`."""
    return (*columns, REASON) if any(row.declined_because for row in rows) else columns


@dataclass(frozen=True)
class Cell:
    """The words of one cell, and those above its column, which a narrow screen shows beside it."""

    label: str | Promise
    words: str
    day: date | None = None
    is_heading: bool = False


def _cell(label: str | Promise, value: object) -> Cell:
    return Cell(label, dates.day(value), value) if isinstance(value, date) else Cell(label, str(value))


@dataclass(frozen=True)
class Sheet:
    """Rows and columns, shown and exported alike."""

    columns: tuple[Column, ...]
    rows: Iterable[Enrolment]
    filename: str

    @property
    def headers(self) -> list[str | Promise]:
        """The words above the columns."""
        return [column.label for column in self.columns]

    @property
    def cells(self) -> list[tuple[Enrolment, list[Cell]]]:
        """Each row with its cells."""
        export = _Export(self)
        return [(row, self._cells(export.to_row_dict(row).values())) for row in self.rows]

    def _cells(self, values: Iterable[object]) -> list[Cell]:
        """Return the values of a row as cells."""
        cells = [_cell(label, value) for label, value in zip(self.headers, values, strict=True)]
        # A row is headed by the first thing known of it: the address of somebody whose name is not.
        first = next((cell for cell in cells if cell.words), None)
        return [replace(cell, is_heading=cell is first) for cell in cells]

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
