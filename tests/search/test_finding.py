"""Finding: each language by its own rules, the reader's first, each occasion once, nothing private."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, PageViewRestriction

from core import languages
from search import question
from search.port import Hit, Results, Suggestions, engine
from search.services import index_page
from tests.factories import core as tree
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def sections(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """The section of learning in each language, made once, since no test changes it."""
    with made_once():
        section = make.section()
        for code in languages.codes():
            if code != "en":
                tree.translated(section.get_parent().specific, code)
                tree.translated(section, code)
        yield


def page(title: str, *, language: str = "en", summary: str = "", text: str = "") -> Page:
    """Write a live course page into the index; `text` goes into its searchable body."""
    parent = make.section()
    if language != "en":
        parent = parent.get_translation(tree.locale(language))
    body = [("rich_text", f"<p>{text}</p>")] if text else []
    made = make.course_page(parent=parent, publish=False, live=True, title=title, summary=summary, body=body)
    assert index_page(page=made)
    return made


def asked(words: str) -> question.Question:
    found = question.read(words)
    assert found
    return found


def search(words: str, *, language: str = "en", **options: Any) -> Results:
    return engine().search(asked(words), language=language, **options)


def titles(words: str, *, language: str = "en", **options: Any) -> list[str]:
    return [hit.title for hit in search(words, language=language, **options).hits]


def test_a_hit_says_all_that_a_reader_needs() -> None:
    made = page("Heat plans", summary="How a city prepares for heat.", text="Shade, water & <b>wards</b> for hot days.")
    (hit,) = search("heat").hits
    assert hit == Hit(
        title="Heat plans",
        url=made.get_url(),
        snippet="How a city prepares for <mark>heat</mark>. Shade, water &amp; wards for hot days.",
        kind="learning",
        language="en",
    )


@pytest.mark.parametrize(
    ("language", "written", "asked_for"),
    [
        ("en", "Financing retrofits of housing estates", "finance retrofit"),
        ("en", "Financing retrofits of housing estates", "HOUSE estate"),
        ("en", "A café in Zürich", "cafe zurich"),
        ("fr", "Les élèves et l’énergie éolienne", "eleve energie"),
        ("fr", "Le chauffage des bâtiments", "batiment"),
        ("fr", "Plan de mobilité", "les mobilités"),
        ("es", "La gestión de residuos en los municipios", "gestion municipio"),
        ("pt", "A gestão das águas e a adaptação", "gestao adaptacao agua"),
        ("ar", "إدارة النفايات في المدن", "ادارة المدن"),
        ("ar", "إدارة النفايات في المدن", "الإدارة والنفايات مع المدن"),
        ("ar", "الطَّاقَةُ المُتَجَدِّدَة", "الطاقة المتجددة"),
        ("ar", "الطـــاقة المتجددة", "طاقة"),
        ("ar", "السياسات والمناخ", "مناخ"),
        ("ar", "السياسات والمناخ", "المناخ"),
        ("ar", "المناخ والطاقة", "والمناخ"),
        ("ar", "آليات التمويل", "اليات التمويل"),
    ],
)
def test_words_are_found_in_other_forms_and_without_accents(language: str, written: str, asked_for: str) -> None:
    page(written, language=language)
    page("Something else", language=language)
    assert titles(asked_for, language=language) == [written]


def test_the_word_as_it_was_written_is_marked() -> None:
    page("Cours", language="fr", text="L’énergie éolienne, les élèves.")
    page("دورة", language="ar", text="تعمل المدن على المُناخ والطاقة.")
    (found,) = search("energie", language="fr").hits
    assert found.snippet == "L’<mark>énergie</mark> éolienne, les élèves."
    assert search("المناخ", language="ar").hits[0].snippet == "تعمل المدن على <mark>المُناخ</mark> والطاقة."


def test_of_a_long_text_the_passage_is_shown() -> None:
    page("Long", text=f"{'Something else. ' * 40} Streets with shade are cooler. {'And more. ' * 40}")
    (hit,) = search("shade").hits
    assert hit.snippet.startswith("… ")
    assert hit.snippet.endswith(" …")
    assert "Streets with <mark>shade</mark> are cooler." in hit.snippet
    assert len(hit.snippet) < 300


def test_the_title_counts_more_than_the_summary_and_the_summary_more_than_the_text() -> None:
    page("Third", text="A word on heat.")
    page("Heat first")
    page("Second", summary="About heat.")
    assert titles("heat") == ["Heat first", "Second", "Third"]


def test_operators_are_those_people_know() -> None:
    page("Heat and housing")
    page("Housing and water")
    page("Water and heat")
    assert set(titles("housing or water")) == {"Heat and housing", "Housing and water", "Water and heat"}
    assert titles("water -heat") == ["Housing and water"]
    assert titles('"water and heat"') == ["Water and heat"]


@pytest.mark.parametrize(
    "words",
    [
        "heat & | ! ( ) <-> :*",
        "heat' OR 1=1 --",
        "heat'); DROP TABLE search_searchdocument; --",
        '"heat',
        "heat \\",
        "heat %s %(x)s %%",
        "heat:A",
        "- - heat",
        "heat or or",
        "heat <2> cold",
        "x" * 200,
        "الحرارة " * 25,
        "\u202eheat\u202c",
    ],
)
def test_operators_cannot_be_injected(words: str) -> None:
    page("Heat")
    results = search(words)
    assert isinstance(results, Results)
    assert titles("heat") == ["Heat"]


def test_each_occasion_is_shown_once_in_the_readers_language() -> None:
    english = page("Energie", summary="Energie in English")
    make.translated(english, "fr", title="Énergie")
    assert [(hit.title, hit.language) for hit in search("energie", language="fr").hits] == [("Énergie", "fr")]
    assert [(hit.title, hit.language) for hit in search("energie", language="en").hits] == [("Energie", "en")]
    assert [(hit.title, hit.language) for hit in search("energie", language="ar").hits] == [("Energie", "en")]


def test_the_readers_language_comes_first_whatever_the_rank() -> None:
    page("Budget budget budget", summary="Budget")
    page("Autre chose", language="fr", text="Un mot sur le budget.")
    assert [(hit.title, hit.language) for hit in search("budget", language="fr").hits] == [
        ("Autre chose", "fr"),
        ("Budget budget budget", "en"),
    ]


def test_results_come_in_pages_and_the_page_beyond_the_last_is_the_last() -> None:
    for number in range(12):
        page(f"Heat {number}")
    first, second, beyond = (search("heat", page=number) for number in (1, 2, 99))
    assert (first.total, len(first.hits), first.page) == (12, 10, 1)
    assert (second.total, len(second.hits), second.page) == (12, 2, 2)
    assert (beyond.page, beyond.hits) == (2, second.hits)
    assert len({hit.title for hit in (*first.hits, *second.hits)}) == 12


def test_kinds_are_counted_and_narrow() -> None:
    page("Heat course")
    make.publish_now(tree.child(make.section().get_parent(), "heat-page", title="Heat page", live=False))
    results = search("heat")
    assert (results.total, results.kinds) == (2, {"learning": 1, "site": 1})
    narrowed = search("heat", kind="site")
    assert ([hit.title for hit in narrowed.hits], narrowed.total) == (["Heat page"], 1)
    assert narrowed.kinds == {"learning": 1, "site": 1}
    assert search("heat", kind="events").total == 0


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "\ue000<b>\ue001",
        "<mark>not ours</mark>",
        "</mark><a href=javascript:x>",
    ],
)
def test_nothing_in_a_snippet_is_markup_but_our_marks(attack: str) -> None:
    page("Heat", summary=f"heat {attack} heat")
    (hit,) = search("heat").hits
    without_marks = hit.snippet.replace("<mark>heat</mark>", "heat")
    assert "<" not in without_marks
    assert ">" not in without_marks
    assert hit.snippet.startswith("<mark>heat</mark>")


# What is not for everybody -----------------------------------------------------------------------------


def private(made: Page, kind: str) -> None:
    PageViewRestriction.objects.create(page=made, restriction_type=kind, password="x")


@pytest.mark.parametrize("kind", [PageViewRestriction.LOGIN, PageViewRestriction.PASSWORD, PageViewRestriction.GROUPS])
def test_a_private_page_and_those_below_it_cannot_be_found(kind: str) -> None:
    made = page("Secret heat")
    make.module_page(made, title="Secret heat below")
    page("Open heat")
    private(made, kind)
    assert titles("heat") == ["Open heat"]
    assert engine().suggest(asked("secrt"), language="en") == Suggestions()


def test_a_private_page_cannot_be_found_even_while_the_index_still_has_it() -> None:
    made = page("Secret heat")
    PageViewRestriction.objects.bulk_create([PageViewRestriction(page=made, restriction_type="login")])
    assert made.search_document
    assert titles("heat") == []
    assert search("heat").kinds == {}
    assert engine().suggest(asked("secrt"), language="en") == Suggestions()


def test_an_unpublished_page_cannot_be_found_even_while_the_index_still_has_it() -> None:
    made = page("Gone heat")
    Page.objects.filter(pk=made.pk).update(live=False)
    assert made.search_document
    assert titles("heat") == []


# What was meant ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title", "typed", "meant"),
    [
        ("en", "Mobility and heating", "mobilty", "mobility"),
        ("en", "Mobility and heating", "heatting of mobilty", "heating of mobility"),
        ("fr", "Rénovation énergétique", "renovaton energetique", "rénovation energetique"),
        ("ar", "التكيف مع المناخ", "التكييف", "التكيف"),
        ("en", "Mobility and heating", "zebra", ""),
    ],
)
def test_typing_errors_are_mended_with_words_that_pages_know(language: str, title: str, typed: str, meant: str) -> None:
    page(title, language=language)
    assert titles(typed, language=language) == []
    suggestions = engine().suggest(asked(typed), language=language)
    assert suggestions.words == meant
    assert [hit.title for hit in suggestions.hits] == ([title] if meant else [])
    if meant:
        assert titles(meant, language=language) == [title]


def test_typing_errors_are_mended_with_words_of_the_text_too() -> None:
    page("Some plan", text="Réfection of the harbour; harbours are cold.")
    assert engine().suggest(asked("harbuor"), language="en").words == "harbour"


def test_words_that_stand_everywhere_are_named_as_such() -> None:
    page("The heat of the city")
    assert search("the of").only_common_words
    assert not search("cold").only_common_words


# Cost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3])
def test_searching_costs_two_statements_however_much_is_found(size: int) -> None:
    for number in range(size):
        page(f"Heat {number}")
    search("heat")
    with CaptureQueriesContext(connection) as queries:
        assert len(search("heat").hits) == size
    assert len(queries) == 2
