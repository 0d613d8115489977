"""Every list of the admin: the search box finds exactly what has the words, a spreadsheet says what the screen says."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db.models import Model
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from openpyxl import load_workbook
from wagtail.admin.views.generic.base import BaseListingView

from core.exports import ScreenExportMixin
from core.models import Term
from home.models import SiteText
from mail.enums import SuppressionReason
from mail.models import Suppression
from mail.services import suppress
from newsletter.services import prepare_campaign
from tests.factories import events, learning, mail, municipalities, newsletter
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db


def lists() -> dict[str, type[BaseListingView]]:
    """Return the view of each list that has an address of its own, by the name of the address."""
    views = dict(_walk(get_resolver().url_patterns, ()))
    return {
        name: view for name, view in views.items() if issubclass(view, BaseListingView) and not name.endswith("results")
    }


def _walk(patterns: list[Any], within: tuple[str, ...]) -> Iterator[tuple[str, type]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, (*within, one.namespace) if one.namespace else within)
        elif not one.pattern.converters and (view := getattr(_inner(one.callback), "view_class", None)):
            yield ":".join((*within, one.name or "")), view


def _inner(callback: Any) -> Any:
    # Wagtail wraps the views of the admin, by which they lose their class.
    while not hasattr(callback, "view_class") and hasattr(callback, "__wrapped__"):
        callback = callback.__wrapped__
    return callback


def _site_text(word: str) -> SiteText:
    return SiteText.objects.create(language="fr" if word == "tramway" else "es", organisation=word.capitalize())


def _term(word: str) -> Term:
    return Term.objects.create(vocabulary="test", slug=f"a-{len(word)}", labels={"en": "Some", "fr": word.capitalize()})


def _suppression(word: str) -> Suppression:
    suppress(address=f"{word}@city.example", reason=SuppressionReason.ASKED)
    return Suppression.objects.latest("pk")


# A row for each list of ours that can be searched, by a word that it is found by.
MADE: dict[str, Callable[[str], Model]] = {
    "webinars:index": lambda word: events.live_webinar(title=f"A {word} day"),
    "courses:index": lambda word: learning.course_page(title=f"A {word} course", publish=False, live=True),
    "cohorts:index": lambda word: learning.cohort(name=word.capitalize()),
    "enrolments:index": lambda word: learning.learner(learning.cohort(), f"Ana {word.capitalize()}"),
    "registrations:index": lambda word: events.registered(events.bare_event(), f"Ana {word.capitalize()}"),
    "local_governments:index": lambda word: municipalities.local_government(name=word.capitalize()),
    "memberships:index": lambda word: municipalities.membership(department=word.capitalize()),
    "subscribers:index": lambda word: newsletter.subscriber(f"{word}@city.example"),
    "outbox:index": lambda word: mail.ask(to=f"{word}@city.example"),
    "suppressions:index": _suppression,
    "terms:index": _term,
    "site_texts:index": _site_text,
    "wagtailusers_users:index": lambda word: PersonFactory(display_name=word.capitalize()),
}
# And for those that have a spreadsheet alone.
EXPORTED = {
    **{name: made for name, made in MADE.items() if issubclass(lists()[name], ScreenExportMixin)},
    "campaigns:index": lambda word: prepare_campaign(issue=newsletter.issue(title=word).translation_key),
}


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


def found(client: Client, name: str, words: str) -> list[Any]:
    answer = client.get(reverse(name), {"q": words})
    assert answer.status_code == 200
    return [row.pk for row in answer.context["object_list"]]


@pytest.mark.parametrize("name", MADE)
def test_a_search_finds_what_has_the_words_and_nothing_else(staff: Client, name: str) -> None:
    tramway, shade = MADE[name]("tramway"), MADE[name]("shade")
    assert found(staff, name, "TRAMWAY") == [tramway.pk]
    assert found(staff, name, "shade") == [shade.pk]
    assert found(staff, name, "nobody has this") == []
    assert {tramway.pk, shade.pk} <= set(found(staff, name, ""))


# wagtail-localize's report puts its rows into no order.
@pytest.mark.filterwarnings("ignore::django.core.paginator.UnorderedObjectListWarning")
@pytest.mark.parametrize("name", lists())
def test_every_list_with_a_search_box_answers_and_ours_are_known_here(staff: Client, name: str) -> None:
    answer = staff.get(reverse(name), {"q": "nobody has this"}, follow=True)
    assert answer.status_code == 200
    is_ours = not lists()[name].__module__.startswith("wagtail") or name.startswith("site_texts")
    if is_ours:
        assert bool(answer.context["search_form"]) is (name in MADE)


def test_every_list_with_a_spreadsheet_is_known_here() -> None:
    exporting = {name for name, view in lists().items() if issubclass(view, ScreenExportMixin)}
    assert set(EXPORTED) == exporting


def words(tag: Any) -> str:
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


def screen(client: Client, name: str) -> tuple[list[str], list[str]]:
    """Return the headings of a list, and the words of each of its rows."""
    table = BeautifulSoup(client.get(reverse(name)).content, "html.parser").select_one("table.listing")
    headings = [words(one) for one in table.select("thead th") if not one.select("input[type=checkbox]")]
    return headings, [words(row) for row in table.select("tbody tr")]


def exported(client: Client, name: str, kind: str) -> list[list[str]]:
    """Return the rows of a spreadsheet as words."""
    answer = client.get(reverse(name), {"export": kind})
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(content)).active
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", EXPORTED)
def test_a_spreadsheet_has_the_columns_and_the_words_of_the_screen(staff: Client, name: str, kind: str) -> None:
    for word in ("tramway", "shade"):
        EXPORTED[name](word)
    headings, rows = screen(staff, name)
    first, *lines = exported(staff, name, kind)
    assert len(first) == len(headings)
    assert [shown for wanted, shown in zip(first, headings, strict=True) if not shown.startswith(wanted)] == []
    assert len(lines) == len(rows) >= 2
    for line, row in zip(lines, rows, strict=True):
        # What a line begins with names it. Dates, ticks and figures have forms of their own on the screen.
        assert row.startswith(line[0])
        said = [cell for cell in line if cell and not re.fullmatch(r"\d[\d .:-]*|Yes|No|True|False", cell)]
        assert [cell for cell in said if cell not in row] == []
