"""Tests that commit leave the database as the migrations made it."""

import pytest
from wagtail.models import Locale, Page, Site


def contents() -> tuple:
    return (
        list(Locale.objects.order_by("pk").values_list("pk", "language_code")),
        list(Page.objects.order_by("path").values_list("pk", "path", "slug")),
        list(Site.objects.values_list("pk", "root_page_id")),
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_a_committing_test_finds_and_leaves_what_the_migrations_made(run: int) -> None:
    assert (1, "en") in contents()[0]
    assert Page.objects.filter(depth=1).count() == 1
    Locale.objects.create(language_code="xx")
    Page.objects.get(depth=1).add_child(instance=Page(title=f"Left behind {run}", slug="left-behind"))


@pytest.mark.django_db
def test_the_next_test_sees_nothing_of_it() -> None:
    assert not Page.objects.filter(slug="left-behind").exists()
    assert not Locale.objects.filter(language_code="xx").exists()
