"""A tree of pages for tests, made of the tests' own page types."""

from typing import Any

from wagtail.models import Locale, Page, Site

from core import routing
from tests.pages.models import PlainPage


def site_root(*, slug: str = "start", title: str = "Start") -> PlainPage:
    """Make a home page in English and let the default site start there."""
    page = Page.get_first_root_node().add_child(instance=PlainPage(title=title, slug=slug, locale=locale("en")))
    Site.objects.update_or_create(
        is_default_site=True, defaults={"root_page": page, "hostname": "testserver", "port": 80}
    )
    Site.clear_site_root_paths_cache()
    routing.forget()
    return page


def child(parent: Page, slug: str, model: type[Page] = PlainPage, **fields: Any) -> Page:
    """Make a live page beneath `parent`, titled like its slug."""
    page = model(**{"title": slug.replace("-", " ").capitalize(), "slug": slug, "locale": parent.locale, **fields})
    return parent.add_child(instance=page)


def translated(page: Page, language: str, *, live: bool = True, **fields: Any) -> Page:
    """Make a page's translation; its parent must have one already, unless it is a home page."""
    translation = page.copy_for_translation(locale(language))
    for name, value in fields.items():
        setattr(translation, name, value)
    translation.live = live
    translation.save()
    Site.clear_site_root_paths_cache()
    routing.forget()
    return translation


def locale(language: str) -> Locale:
    """Return the locale of a language, as the migrations made it."""
    return Locale.objects.get(language_code=language)
