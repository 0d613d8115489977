"""Statements that Django writes once: they find what the ORM finds, for each value anew."""

import pytest

from events import access, rows
from events.models import Event
from tests.factories import events as make

pytestmark = pytest.mark.django_db


def said(event: Event) -> dict[str, object]:
    return {name: value for name, value in vars(event).items() if name != "_state"}


def test_a_row_asked_for_by_a_kept_statement_is_the_one_that_the_orm_finds():
    public, other = make.event(capacity=7, spoken_languages=["en", "fr"]), make.event()
    private = make.webinar(title="Among ourselves")
    private.view_restrictions.create(restriction_type="login")
    for slug, is_public in ((public.slug, True), (private.slug, False), (other.slug, True)):
        found, expected = rows.asked(access._by_slug, slug), access._by_slug(slug).get()
        assert found is not None
        assert said(found) == said(expected)
        assert (found.slug, found.is_public, found._state.adding, found._state.db) == (
            slug,
            is_public,
            False,
            "default",
        )


@pytest.mark.parametrize("slug", ["nothing", "", "%s", "' OR true --", rows._GAP])
def test_an_unknown_value_finds_nothing(slug):
    make.event()
    assert rows.asked(access._by_slug, slug) is None


def test_a_kept_statement_is_one_statement(django_assert_num_queries):
    slug = make.event().slug
    with django_assert_num_queries(1):
        rows.asked(access._by_slug, slug)
