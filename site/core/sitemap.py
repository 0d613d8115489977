"""Every public page in every language, for search engines: a handful of statements for any number of pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, get_page_models

from core import addresses, alternates, languages
from core.models import BasePage


@dataclass(frozen=True, slots=True)
class Entry:
    """One page in one language; `translations` holds the addresses of all its languages, `x-default` included."""

    address: str
    changed_at: datetime | None
    translations: dict[str, str]


def listed_types() -> list[type[BasePage]]:
    """Return the page types that search may list."""
    return [model for model in get_page_models() if issubclass(model, BasePage) and model.search_kind]


def entries() -> Iterator[Entry]:
    """Yield every live, public page of a listed type, in the order of the tree; aliases are left out."""
    roots = addresses.roots()
    types = ContentType.objects.get_for_models(*listed_types()).values()
    pages = Page.objects.live().public().filter(content_type__in=types, alias_of__isnull=True).order_by("path")
    rows = list(pages.values_list("url_path", "translation_key", "last_published_at"))
    found_at = {url_path: found for url_path, *_ in rows if (found := addresses.address(url_path, roots))}
    translations: dict[UUID, dict[str, str]] = {}
    for url_path, key, _ in rows:
        if url_path in found_at:
            code, address = found_at[url_path]
            translations.setdefault(key, {})[code] = address
    for codes in translations.values():
        if default := alternates.default_code(codes, languages.codes()):
            codes[alternates.DEFAULT] = codes[default]
    for url_path, key, changed_at in rows:
        if url_path in found_at:
            yield Entry(found_at[url_path][1], changed_at, translations[key])
