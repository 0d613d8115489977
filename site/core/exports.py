"""Spreadsheets of admin listings: the same rows, columns and words as the screen, and no formula in any cell."""

import re
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from wagtail.admin.ui.tables import BaseColumn, Column

from core import clock

# Characters that make a spreadsheet program read a cell of a CSV file as a formula (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Their full-width forms, which some programs fold into the plain ones on import.
WIDE_FORMULA_STARTS = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
# XML 1.0 cannot carry these, so openpyxl refuses them.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MOMENT = "%Y-%m-%d %H:%M"
XLSX_MOMENT = "yyyy-mm-dd hh:mm"
ROWS_AT_ONCE = 1000


def defused(text: str) -> str:
    """Return `text` with an apostrophe before anything that a spreadsheet program would run as a formula.

    Leading blanks and line breaks are looked through, since programs trim them on import.
    """
    if text.startswith(("\t", "\r")) or text.lstrip().startswith(FORMULA_STARTS + WIDE_FORMULA_STARTS):
        return f"'{text}"
    return text


class MomentColumn(Column):
    """A moment as `2026-11-22 14:05` in the active time zone, alike on the screen and in the spreadsheet."""

    def __init__(self, *args, **kwargs) -> None:
        # A day and its clock stay on one line.
        super().__init__(*args, **{"classname": "moment", **kwargs})

    def get_cell_context_data(self, instance, parent_context):
        context = super().get_cell_context_data(instance, parent_context)
        value = self.get_value(instance)
        context["value"] = _as_words(value) if value else self.empty_value_display
        return context


class WordsColumn(Column):
    """Somebody's own words, kept to their own direction on the screen and plain in the spreadsheet."""

    def get_cell_context_data(self, instance, parent_context):
        context = super().get_cell_context_data(instance, parent_context)
        context["value"] = format_html("<bdi>{}</bdi>", context["value"])
        return context


class ScreenExportMixin:
    """Makes a Wagtail `IndexView` (a `SpreadsheetExportMixin`) export exactly what its table shows.

    Filters, search and order are the view's own; headings and cells come from its columns, so `list_export` need not
    be given. Columns without a value of their own (check boxes, buttons) are left out. Set `export_columns` to a
    list of columns to export others than the screen's, `export_filename` to name the file (the day is added).
    """

    export_columns: list[BaseColumn] | None = None

    def _columns_to_export(self) -> list[BaseColumn]:
        columns = self.columns if self.export_columns is None else self.export_columns
        return [column for column in columns if hasattr(column, "get_value")]

    @property
    def list_export(self) -> list[str]:
        """The names of the exported columns; a non-empty list makes Wagtail show its two download buttons."""
        return [column.name for column in self._columns_to_export()]

    def get_filename(self) -> str:
        return f"{super().get_filename()}-{timezone.localtime(clock.now()):%Y-%m-%d}"

    def get_heading(self, queryset, field) -> str:
        return next(force_str(column.label) for column in self._columns_to_export() if column.name == field)

    def to_row_dict(self, item) -> dict:
        return {column.name: _shown(column, item) for column in self._columns_to_export()}

    def stream_csv(self, queryset) -> Iterator[bytes]:
        # Not a generator itself: the reader's language and zone are in force now, and no longer when rows are sent.
        return _as_read(
            super().stream_csv(_Portions(queryset)), translation.get_language(), timezone.get_current_timezone()
        )

    def write_xlsx(self, queryset, output) -> None:
        super().write_xlsx(_Portions(queryset), output)

    def preprocess_field_value(self, field, value, export_format):
        if export_format == self.FORMAT_CSV:
            return _as_words(value) if isinstance(value, int | float | Decimal) else defused(_as_words(value))
        if isinstance(value, datetime):
            return timezone.make_naive(value) if timezone.is_aware(value) else value
        if isinstance(value, int | float | Decimal | date) and not isinstance(value, bool):
            return value
        return NOT_IN_XML.sub("", _as_words(value))

    def generate_xlsx_row(self, worksheet, row_dict, date_format=None):
        # Late, as in Wagtail: no process but the one that writes a spreadsheet needs to load it.
        from openpyxl.cell import WriteOnlyCell

        for field, value in row_dict.items():
            cell = WriteOnlyCell(worksheet, self.preprocess_field_value(field, value, self.FORMAT_XLSX))
            if isinstance(value, datetime):
                cell.number_format = XLSX_MOMENT
            elif isinstance(cell.value, str):
                # A cell of type text stays text, and the quote prefix keeps it so when somebody edits it.
                cell.data_type = "s"
                cell.quotePrefix = defused(cell.value) != cell.value
            yield cell


class _Portions:
    """A queryset that keeps its model at hand and is read in portions, so that memory stays flat."""

    def __init__(self, queryset) -> None:
        self.queryset = queryset
        self.model = getattr(queryset, "model", None)

    def __iter__(self) -> Iterator:
        if isinstance(self.queryset, QuerySet):
            return self.queryset.iterator(chunk_size=ROWS_AT_ONCE)
        return iter(self.queryset)


def _as_read(rows: Iterator[bytes], language: str | None, zone: tzinfo) -> Iterator[bytes]:
    """Write each row in one person's language and zone, and leave none of it to whatever runs between two rows."""
    # Excel takes a CSV file for UTF-8 only when it opens with the byte order mark.
    yield b"\xef\xbb\xbf"
    while True:
        with translation.override(language), timezone.override(zone):
            row = next(rows, None)
        if row is None:
            return
        yield row


def _shown(column: BaseColumn, item):
    value = column.get_value(item)
    return column.empty_value_display if value is None or value == "" else value


def _as_words(value) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime(MOMENT)
    if isinstance(value, list | tuple | set):
        return ", ".join(_as_words(part) for part in value)
    if value is None:
        return ""
    return force_str(value) if isinstance(value, Promise) else str(value)
