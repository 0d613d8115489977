"""The index follows the pages: what is for everybody is in it, nothing else, however often it is written."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from wagtail.models import PageViewRestriction

from learning.models import CoursePage, ModulePage, UnitPage
from search import services
from search.models import SearchDocument
from search.services import Indexed
from search.tasks import repair_index
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def section(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """The section that each test would make anew."""
    with made_once():
        make.section()
        yield


def indexed() -> set[str]:
    return set(SearchDocument.objects.values_list("title", flat=True))


def test_publishing_writes_all_words_of_a_page() -> None:
    page = make.course_page(
        title="Climate\u200f  budgeting\ue000",
        summary="A ceiling for a year.",
        takes_home="A draft budget",
        body=[
            ("heading", {"text": "Why now", "level": "h2"}),
            ("rich_text", "<p>Oslo <b>began</b> in 2016 &amp; went on.</p>"),
            ("quote", {"text": "It works.", "person": "Ana", "role": "Mayor"}),
        ],
    )
    document = SearchDocument.objects.get(page=page)
    assert (document.title, document.summary) == ("Climate\u200f budgeting", "A ceiling for a year.")
    assert document.body == "A draft budget Why now Oslo began in 2016 & went on. It works. Ana Mayor"
    assert document.folded == (
        "climate budgeting ceiling for year draft budget why now oslo began went works ana mayor"
    )
    assert (document.language, document.kind) == ("en", "learning")
    assert (document.translation_key, document.revision_id) == (page.translation_key, page.live_revision_id)
    assert document.updated_at == page.last_published_at


def test_only_what_is_published_is_in_the_index() -> None:
    page = make.course_page(title="Published")
    make.course_page(title="Draft", publish=False)
    page.title = "Changed draft"
    page.save_revision()
    # The pages above were made by a factory, without publishing.
    assert indexed() == {"Published"}


def test_publishing_again_writes_the_same_document() -> None:
    page = make.course_page(title="Before")
    before = SearchDocument.objects.get()
    page.title = "After"
    make.publish_now(page)
    after = SearchDocument.objects.get()
    assert (after.pk, after.title) == (before.pk, "After")
    assert services.index_page(page=page) is True
    assert SearchDocument.objects.get().pk == before.pk


def test_unpublishing_and_deleting_take_pages_out() -> None:
    services.index_subtree(page=make.whole_course(title="Course", modules=1))
    UnitPage.objects.get(title="Unit 1.1").unpublish()
    assert indexed() == {"Course", "Module 1", "Unit 1.2"}
    ModulePage.objects.get().delete()
    assert indexed() == {"Course"}


def test_aliases_are_not_indexed() -> None:
    page = make.course_page(title="Course")
    page.create_alias(parent=page.get_parent(), update_slug="again")
    make.publish_now(page)
    assert SearchDocument.objects.count() == 1


def test_what_becomes_private_leaves_the_index_with_all_below_it_and_comes_back() -> None:
    page = make.whole_course(title="Course", modules=1, units=1)
    services.index_subtree(page=page)
    other = make.course_page(title="Other")
    restriction = PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    assert indexed() == {"Other"}
    make.publish_now(UnitPage.objects.get())
    assert indexed() == {"Other"}
    assert services.index_page(page=page) is False
    restriction.delete()
    assert indexed() == {"Course", "Module 1", "Unit 1.1", "Other"}
    assert SearchDocument.objects.filter(page=other).exists()


def test_moving_into_a_private_part_takes_a_page_out_and_moving_away_brings_it_back() -> None:
    secret, open_ = make.course_page(title="Secret"), make.course_page(title="Open")
    module = make.module_page(open_, title="Module")
    PageViewRestriction.objects.create(page=secret, restriction_type=PageViewRestriction.LOGIN)
    module.move(secret, pos="last-child")
    assert indexed() == {"Open"}
    ModulePage.objects.get().move(CoursePage.objects.get(title="Open"), pos="last-child")
    assert indexed() == {"Open", "Module"}


def test_an_index_that_fails_does_not_stop_publishing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        SearchDocument.objects.create(language="xx", page_id=1, translation_key=None)

    monkeypatch.setattr("search.receivers.services.index_page", fail)
    page = make.course_page(title="Course")
    assert CoursePage.objects.get().live
    assert indexed() == set()
    assert [record.getMessage() for record in caplog.records if record.name == "search.receivers"] == [
        f"The index could not be brought up to page {page.pk}; the sweep will try again"
    ]
    monkeypatch.undo()
    assert services.repair() == Indexed(written=3, removed=0)
    assert indexed() == {"Start", "Learning", "Course"}


def test_the_sweep_mends_what_the_signals_missed_and_then_rests() -> None:
    make.whole_course(title="Course", modules=1, units=1)
    services.repair()
    SearchDocument.objects.filter(title="Course").delete()
    SearchDocument.objects.filter(title="Module 1").update(revision_id=0, title="Old")
    UnitPage.objects.update(live=False)
    repair_index()
    assert indexed() == {"Start", "Learning", "Course", "Module 1"}
    assert services.repair() == Indexed(written=0, removed=0)


def test_making_the_index_anew_can_be_repeated() -> None:
    make.whole_course(title="Course", modules=1, units=1)
    SearchDocument.objects.all().delete()
    out = StringIO()
    call_command("reindex_search", stdout=out)
    call_command("reindex_search", stdout=out)
    assert out.getvalue() == "5 documents written, 0 removed.\n" * 2
    assert indexed() == {"Start", "Learning", "Course", "Module 1", "Unit 1.1"}


def test_writing_many_pages_costs_no_more_than_writing_one() -> None:
    def statements() -> int:
        services.reindex()
        with CaptureQueriesContext(connection) as queries:
            services.reindex()
        return len(queries)

    make.whole_course(modules=1, units=1)
    one = statements()
    make.whole_course(modules=1, units=2)
    assert (one, statements()) == (11, 11)


def test_the_database_refuses_a_language_without_rules() -> None:
    page = make.course_page()
    with pytest.raises(IntegrityError), transaction.atomic():
        SearchDocument.objects.filter(page=page).update(language="de")
