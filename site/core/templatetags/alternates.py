"""The other languages of a page, for the head of the document."""

from collections.abc import Iterable
from typing import Any

from django import template

from core import alternates, languages

register = template.Library()


@register.simple_tag
def default_link(links: Iterable[Any]) -> Any:
    """Return the link for readers of any other language (`x-default`), or None while there is no translation at all."""
    translations = {link.code: link for link in links or () if link.is_translation}
    code = alternates.default_code(translations, languages.codes())
    return translations[code] if code else None
