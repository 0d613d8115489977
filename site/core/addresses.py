"""Addresses: of many pages at once, from their `url_path` alone, and of public views, as staff are led to them."""

from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.translation import override
from wagtail.models import Site

from core import languages

# (root's url_path, language code), the most specific first.
Roots = list[tuple[str, str]]


def roots() -> Roots:
    """Return where each language's tree starts."""
    return [(root.root_path, root.language_code) for root in Site.get_site_root_paths()]


def address(url_path: str, starts: Roots) -> tuple[str, str] | None:
    """Return the language and the path that readers see, or None for a page outside every site.

    The same as `Page.get_url` gives on a site of one host, without a page's data.
    """
    for root, code in starts:
        if url_path.startswith(root):
            return code, iri_to_uri(f"/{code}/{url_path[len(root) :]}")
    return None


def public(name: str, *args: object) -> str:
    """Return the address of a public view in a language of the site.

    The admin speaks "pt-pt" and others that no public address begins with: whatever it shows leads there by this.
    """
    with override(languages.current()):
        return reverse(name, args=args)
