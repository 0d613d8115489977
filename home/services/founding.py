"""Laying the tree of the site: a home page and its sections in every language, and the site's own texts."""

import json
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from wagtail.models import Locale, Page, Site

from core import languages
from core.models import BasePage
from core.rawstreams import stream
from events.models import EventIndexPage
from home.enums import Section
from home.models import HomePage, SectionPage, SiteText
from home.services.turning import turn_into
from learning.models import CourseIndexPage
from newsletter.models import NewsletterIndexPage

DATA = Path(__file__).resolve().parents[1] / "data"
SOURCE = "en"
PAGE_TYPES: dict[str, type[BasePage]] = {
    "events": EventIndexPage,
    "learning": CourseIndexPage,
    "news": NewsletterIndexPage,
}


@transaction.atomic
def found_site(*, hostname: str = "localhost", port: int = 80) -> HomePage:
    """Make what every installation needs and does not have yet; return the home page in the source language.

    Safe to run again: pages and texts that exist are left as staff have made them.
    """
    locales = {code: Locale.objects.get_or_create(language_code=code)[0] for code in languages.codes()}
    words = _read("home")["texts"]
    home = HomePage.objects.filter(locale=locales[SOURCE], depth=2).first()
    is_new = home is None
    if home is None:
        home = _plant(words[SOURCE], locales[SOURCE])
        _seat_site(home, hostname, port)
    new_homes = [home] if is_new else []
    for code, locale in locales.items():
        if not home.has_translation(locale):
            new_homes.append(_translate(home, locale, _home_fields(words[code])))
    for section in sorted(_read("sections")["sections"], key=lambda entry: entry["order"]):
        _found_section(home, section, locales)
    for page in new_homes:
        # Bodies link to sections, which exist only now; the page in memory does not know of them.
        page.refresh_from_db()
        _publish(page, {"body": stream(words[page.locale.language_code]["body"], path="home", page_of=_section_pk)})
    for code, texts in _read("site_texts").items():
        SiteText.objects.get_or_create(language=code, defaults=texts)
    return home


def _plant(words: dict[str, Any], locale: Locale) -> HomePage:
    home = Page.get_first_root_node().add_child(
        instance=HomePage(slug="gkec", locale=locale, show_in_menus=True, **_home_fields(words))
    )
    home.save_revision().publish()
    return home


def _seat_site(home: HomePage, hostname: str, port: int) -> None:
    """Make `home` the root of the default site, and remove the page that Wagtail's migrations leave behind."""
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    site.hostname, site.port, site.site_name, site.root_page = hostname, port, "GKEC", home
    site.save()
    for welcome in Page.objects.filter(depth=2, content_type=ContentType.objects.get_for_model(Page)):
        welcome.delete()


def _found_section(home: HomePage, section: dict[str, Any], locales: dict[str, Locale]) -> None:
    slug, texts = section["slug"], section["texts"]
    model = PAGE_TYPES.get(slug, SectionPage)
    found = Page.objects.child_of(home).filter(slug=slug).first()
    if found is None:
        fields = _section_fields(model, slug, texts[SOURCE])
        page = home.add_child(instance=model(slug=slug, locale=locales[SOURCE], show_in_menus=True, **fields))
        page.save_revision().publish()
    else:
        page = _of_its_type(found.specific, model, slug, texts)
    for code, locale in locales.items():
        if not page.has_translation(locale):
            _translate(page, locale, _section_fields(model, slug, texts[code]))


def _of_its_type(page: BasePage, model: type[BasePage], slug: str, texts: dict[str, Any]) -> BasePage:
    """Return a section's page, made one of `model` in every language if it was a placeholder until now."""
    if isinstance(page, SectionPage) and model is not SectionPage:
        placeholders = SectionPage.objects.filter(translation_key=page.translation_key).select_related("locale")
        for one in placeholders:
            turn_into(one, model, _section_fields(model, slug, texts[one.locale.language_code]))
        return model.objects.get(pk=page.pk)
    return page


def _translate(page: BasePage, locale: Locale, fields: dict[str, Any]) -> BasePage:
    translation = page.copy_for_translation(locale)
    _publish(translation, fields)
    return translation


def _publish(page: BasePage, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


def _home_fields(words: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": words["title"],
        "summary": words["summary"],
        "seo_title": words["seo_title"],
        "search_description": words["summary"],
    }


def _section_fields(model: type[BasePage], slug: str, words: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that this page type has; a listing may have neither body nor text for when it is empty."""
    fields = {
        "title": words["title"],
        "summary": words["summary"],
        "search_description": words["summary"],
        "empty_text": words["empty_text"],
        "body": stream(words["body"], path=slug, page_of=_section_pk),
    }
    if slug in Section.values:
        fields["section"] = slug
    known = {field.name for field in model._meta.get_fields()}
    return {name: value for name, value in fields.items() if name in known}


def _section_pk(slug: str) -> int | None:
    """Return the source page of a section, for links in texts; they follow the reader's language when shown."""
    sections = Page.objects.filter(slug=slug, depth=3, locale__language_code=SOURCE)
    return sections.values_list("pk", flat=True).first()


def _read(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
