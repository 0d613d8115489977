"""Demo pages: made in English, published, then translated and published as an editor would."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Locale, Page

from core.models import BasePage
from demo import content
from demo.services.translating import locale_of, translate

Made = TypeVar("Made", bound=BasePage)
# Gives the fields of a page from its words in one language.
Fields = Callable[[dict[str, Any]], dict[str, Any]]


def publish_in_languages(
    *, model: type[Made], parent: Page, key: tuple[str, ...], words: dict[str, dict[str, Any]], fields: Fields
) -> Made:
    """Publish a page below `parent` in English and in each further language of `words`; return the English one.

    A page that is there already is left as it is.
    """
    translation_key = content.key(*key)
    found = model.objects.filter(translation_key=translation_key, locale=parent.locale).first()
    if found is not None:
        return found
    page = parent.add_child(
        instance=model(
            slug=key[-1],
            locale=parent.locale,
            translation_key=translation_key,
            live=False,
            **fields(words[content.SOURCE]),
        )
    )
    page.save_revision().publish()
    page.refresh_from_db()
    for language, translated in words.items():
        if language != content.SOURCE:
            translate(page=page, words=_words(model, page, locale_of(language), fields(translated)))
    return page


def _words(model: type[Made], page: Page, locale: Locale, fields: dict[str, Any]) -> Made:
    """Return the page as it would read in `locale`, unsaved."""
    values = {field.attname: getattr(page, field.attname) for field in model._meta.concrete_fields}
    values |= {"locale_id": locale.pk}
    own = {name: value for name, value in values.items() if name not in {"id", "page_ptr_id"}}
    return model(**{**own, "content_type": ContentType.objects.get_for_model(model), **fields})


def section(slug: str, language: str = content.SOURCE) -> Page:
    """Return a section's page, the parent of everything in it."""
    return Page.objects.get(slug=slug, depth=3, locale__language_code=language).specific


def page_of(slug: str) -> int | None:
    """Return the primary key of the English page with that slug, for links between demo pages."""
    return Page.objects.filter(slug=slug, locale__language_code=content.SOURCE).values_list("pk", flat=True).first()
