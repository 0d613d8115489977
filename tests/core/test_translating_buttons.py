"""The buttons of wagtail-localize in lists of pages: those it would show itself, for no statement of their own."""

from collections.abc import Iterator

import pytest
from django.db.models import QuerySet
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.models import Locale, Page
from wagtail_localize.models import Translation, TranslationSource
from wagtail_localize.wagtail_hooks import page_listing_more_buttons as stock

from accounts.models import User
from core.admin.translating import HOOK, more_buttons, with_translating
from tests.factories import accounts
from tests.factories import core as make

pytestmark = pytest.mark.django_db

NEXT = "/admin/list/"


@pytest.fixture
def sources() -> dict[str, TranslationSource]:
    """Make pages in each state that the buttons know; return by slug the source of those that have one."""
    root = make.site_root()
    make.child(root, "alone")
    everywhere, mirrored = make.child(root, "everywhere"), make.child(root, "mirrored")
    for locale in Locale.objects.exclude(language_code="en"):
        make.translated(root, locale.language_code)
        make.translated(everywhere, locale.language_code)
        mirrored.copy_for_translation(locale, alias=True)
    return {slug: _source(make.child(root, slug), enabled=slug == "followed") for slug in ("followed", "stopped")}


def _source(page: Page, *, enabled: bool) -> TranslationSource:
    source, _created = TranslationSource.get_or_create_from_instance(page)
    Translation.objects.create(source=source, target_locale=make.locale("fr"), enabled=enabled)
    return source


def listed() -> QuerySet:
    return Page.objects.filter(locale__language_code="en", depth=3).order_by("slug").select_related("locale")


def shown(buttons: Iterator[Button]) -> list[tuple[str, str | None, str, int]]:
    return [(one.label, one.url, one.icon_name, one.priority) for one in buttons]


def test_a_list_offers_what_wagtail_localize_would_and_asks_nothing_more(sources, django_assert_num_queries):
    admin = accounts.PersonFactory(admin=True)
    with django_assert_num_queries(1):
        found = {page.slug: shown(more_buttons(page, admin, NEXT)) for page in with_translating(listed())}
    assert {slug: [label for label, *_ in buttons] for slug, buttons in found.items()} == {
        "alone": ["Translate this page"],
        "everywhere": [],
        "followed": ["Translate this page", "Sync translated pages"],
        "mirrored": ["Translate this page"],
        "stopped": ["Translate this page"],
    }
    assert found["followed"][1][1] == f"/admin/localize/update/{sources['followed'].pk}/?next=%2Fadmin%2Flist%2F"
    assert found == {page.slug: shown(stock(page, admin, next_url=NEXT)) for page in listed()}


def test_where_a_list_has_not_asked_wagtail_localize_does(sources):
    admin = accounts.PersonFactory(admin=True)
    for page in listed():
        assert shown(more_buttons(page, admin, NEXT)) == shown(stock(page, admin, next_url=NEXT))


def test_an_editor_without_the_right_is_offered_no_translating(sources):
    person: User = accounts.PersonFactory(is_staff=True)
    assert [shown(more_buttons(page, person, NEXT)) for page in with_translating(listed())] == [[]] * 5


def test_ours_stand_in_the_place_of_the_stock_ones():
    registered = hooks.get_hooks(HOOK)
    assert (registered.count(more_buttons), registered.count(stock)) == (1, 0)
