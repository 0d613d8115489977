"""Translates demo pages through wagtail-localize, so that editors meet them as they would their own."""

from collections import defaultdict

from wagtail.models import Locale, Page
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments


def translate(*, page: Page, words: Page) -> Page:
    """Publish `page` in the locale of `words` and return the translation.

    `words` is an unsaved page of the same type that holds the translated text; its stream blocks carry the ids of the
    blocks that they translate, since localize finds a text by its path.
    """
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=words.locale)
    theirs = _strings_by_path(words)
    position: dict[str, int] = defaultdict(int)
    segments = StringSegment.objects.filter(source=source).select_related("context", "string").order_by("order", "id")
    for segment in segments:
        path = segment.context.path
        index, position[path] = position[path], position[path] + 1
        if index >= len(theirs[path]):
            raise ValueError(f"{page!r} has more text at {path} than its translation to {words.locale}.")
        StringTranslation.objects.update_or_create(
            translation_of=segment.string,
            locale=words.locale,
            context=segment.context,
            defaults={"data": theirs[path][index], "translation_type": StringTranslation.TRANSLATION_TYPE_MANUAL},
        )
    translation.save_target(publish=True)
    return page.get_translation(words.locale)


def _strings_by_path(words: Page) -> dict[str, list[str]]:
    strings: dict[str, list[str]] = defaultdict(list)
    for segment in extract_segments(words):
        if isinstance(segment, StringSegmentValue):
            strings[segment.path].append(segment.string.data)
    return strings


def locale_of(language: str) -> Locale:
    """Return the locale of a language code."""
    return Locale.objects.get(language_code=language)
