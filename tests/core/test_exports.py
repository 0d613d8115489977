"""Spreadsheets equal the screen, and no cell runs."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.mixins import SpreadsheetExportMixin

from core.exports import MomentColumn, ScreenExportMixin, WordsColumn, defused


class Listing(ScreenExportMixin, SpreadsheetExportMixin):
    columns = [Column("name", label="Name"), MomentColumn("at", label=gettext_lazy("Date")), WordsColumn("note")]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "\n=1", "＝1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ana", "a=b", "1-2", "'=1", "مرحبا", "a@city.example"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert defused(text) == text


@given(st.text())
def test_no_defused_text_begins_like_a_formula(text: str) -> None:
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("value", "in_csv", "in_xlsx"),
    [
        ("=1", "'=1", "=1"),
        (-5, "-5", -5),
        (Decimal("-1.50"), "-1.50", Decimal("-1.50")),
        (True, "Yes", "Yes"),
        (None, "", ""),
        (["a", 2], "a, 2", "a, 2"),
        (date(2026, 12, 12), "2026-12-12", date(2026, 12, 12)),
        (datetime(2026, 12, 12, 14, 5, tzinfo=UTC), "2026-12-12 15:05", datetime(2026, 12, 12, 15, 5)),  # noqa: DTZ001
        ("bell\x07", "bell\x07", "bell"),
        (gettext_lazy("Yes"), "Yes", "Yes"),
    ],
)
def test_each_value_reads_as_on_the_screen(value: Any, in_csv: str, in_xlsx: Any) -> None:
    listing = Listing()
    with timezone.override("Europe/Brussels"):
        assert listing.preprocess_field_value("x", value, "csv") == in_csv
        assert listing.preprocess_field_value("x", value, "xlsx") == in_xlsx


def test_headings_and_columns_are_the_screens_in_its_language() -> None:
    listing = Listing()
    assert listing.list_export == ["name", "at", "note"]
    with translation.override("fr"):
        assert [listing.get_heading(None, name) for name in listing.list_export] == ["Name", "Date", "Note"]


def test_columns_without_a_value_are_left_out_and_others_can_be_named() -> None:
    from wagtail.admin.ui.tables import BulkActionsCheckboxColumn

    listing = Listing()
    listing.columns = [BulkActionsCheckboxColumn("bulk", obj_type="x"), Column("name")]
    assert listing.list_export == ["name"]
    listing.export_columns = [Column("other")]
    assert listing.list_export == ["other"]
