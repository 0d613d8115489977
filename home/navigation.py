"""The links around a page: sections of the site, the page's other languages, what the footer names."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from wagtail.models import Page

from core import alternates, epochs, languages

# The tree is root, home pages, sections.
SECTION_DEPTH = 3


@dataclass(frozen=True)
class SectionLink:
    slug: str
    title: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class LanguageLink:
    code: str
    name: str
    dir: str
    url: str
    is_current: bool
    # False: this page has no such translation, so the link leads to the home page of that language or to `instead`.
    is_translation: bool
    # The title of the section to which the link leads in place of this page.
    instead: str = ""


@dataclass(frozen=True)
class TextLink:
    title: str
    url: str


def sections(request: HttpRequest, language: str) -> list[SectionLink]:
    """Return the sections of the menu in `language`, in the tree's order; one query at most."""

    def read() -> list[tuple[str, str]]:
        pages = Page.objects.live().in_menu().filter(locale__language_code=language, depth=SECTION_DEPTH)
        return list(pages.order_by("path").values_list("slug", "title"))

    return [
        SectionLink(slug, title, url := f"/{language}/{slug}/", request.path.startswith(url))
        for slug, title in epochs.kept(request, ("sections", language), read)
    ]


def language_links(request: HttpRequest, language: str) -> list[LanguageLink]:
    """Return one link for each language of the site: to this page's translation, else to the section around it."""
    there = _other_languages(request, language)
    links = []
    for code in languages.codes():
        url, instead = (there.pages[code], "") if code in there.pages else there.sections.get(code, (f"/{code}/", ""))
        links.append(
            LanguageLink(
                code=code,
                name=languages.own_name(code),
                dir=languages.direction(code),
                url=url,
                is_current=code == language,
                is_translation=code in there.pages,
                instead=instead,
            )
        )
    return links


def footer_links(language: str) -> list[TextLink]:
    """Return the links that every page owes its readers."""
    return [
        TextLink(pgettext("personal data", "Privacy"), reverse("privacy")),
        TextLink(_("Accessibility"), reverse("accessibility")),
        TextLink(_("Contact"), reverse("contact")),
    ]


def _other_languages(request: HttpRequest, language: str) -> alternates.Around:
    routed = getattr(request, "_wagtail_route_for_request", None)
    if routed is not None:
        return alternates.around(routed.page, request)
    prefix = f"/{language}/"
    if not request.path.startswith(prefix):
        return alternates.Around()
    # Pages made by views exist in every language at the same address behind the prefix.
    rest = request.get_full_path()[len(prefix) :]
    return alternates.Around({code: f"/{code}/{rest}" for code in languages.codes()})
