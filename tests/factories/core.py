"""A tree of pages for tests, made of the tests' own page types."""

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, Field, IntegerField
from wagtail.models import Locale, Page, Site, get_page_models

from core import clock, routing
from core.models import BasePage, Term
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


def page_types() -> list[type[BasePage]]:
    """Return every page type of the site, the tests' own included."""
    return sorted((model for model in get_page_models() if issubclass(model, BasePage)), key=lambda one: one.__name__)


def any_page(model: type[BasePage], parent: Page, slug: str) -> Page:
    """Make a live page of any type with nothing in it but what the database insists on."""
    values: dict[str, Any] = {}
    for field in model._meta.get_fields():
        if not field.concrete or field.auto_created or field.has_default() or field.blank:
            continue
        if field.model._meta.app_label == "wagtailcore" or field.primary_key:
            continue
        values[field.name] = _some_value(field, len(values))
    return child(parent, slug, model, **values)


def _some_value(field: Field, number: int) -> Any:
    if field.is_relation and issubclass(field.related_model, Term):
        vocabulary = field.get_limit_choices_to().get("vocabulary", "test")
        return Term.objects.get_or_create(vocabulary=vocabulary, slug="some", defaults={"labels": {"en": "Some"}})[0]
    if field.is_relation:
        return field.related_model._default_manager.first()
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, IntegerField):
        return 1
    if isinstance(field, DateTimeField):
        # A start comes before its end.
        return clock.now() + timedelta(days=30, hours=number)
    return "Something"
