"""An issue that leaves half translated says so where its readers are counted, and in its dry run."""

import pytest
from django.test import TestCase
from django.urls import reverse
from django.utils import translation
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from accounts.services import ensure_groups
from core import languages
from newsletter import editions, translating
from newsletter.models import NewsletterPage
from newsletter.services import prepare_campaign
from tests.factories import accounts, core
from tests.factories import newsletter as make
from tests.newsletter.campaigning import looked_at, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]
FRENCH = "Some of this issue is not translated into French yet."


@pytest.fixture
def page() -> NewsletterPage:
    """An issue whose section exists in French and Arabic too."""
    page = make.issue(title="Ten cities", subject="One budget", summary="Short")
    section = page.get_parent().specific
    for language in ("fr", "ar"):
        core.translated(section.get_parent().specific, language)
        core.translated(section, language)
    return page


def translate(page: NewsletterPage, language: str, *, without: str = "") -> Translation:
    """Translate each text of a page as it stands now, except one, and publish."""
    source, _created = TranslationSource.update_or_create_from_instance(page)
    locale = core.locale(language)
    found, _created = Translation.objects.get_or_create(source=source, target_locale=locale)
    for segment in StringSegment.objects.filter(source=source).select_related("string"):
        if segment.string.data != without:
            say(segment, language)
    publish(found)
    return found


def publish(translation: Translation) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        translation.save_target(publish=True)


def say(segment: StringSegment, language: str, words: str = "") -> None:
    StringTranslation.objects.update_or_create(
        translation_of=segment.string,
        locale=core.locale(language),
        context=segment.context,
        defaults={"data": words or f"{language}: {segment.string.data}"},
    )


def unfinished(page: NewsletterPage) -> set[str]:
    return translating.unfinished(page.translation_key, editions.published(page.translation_key))


def test_a_translation_without_some_of_its_words_is_unfinished_until_it_is_published_with_them(page, time):
    half = translate(page, "fr", without="Words.")
    translate(page, "ar")
    assert unfinished(page) == {"fr"}
    time.shift(60)
    say(StringSegment.objects.get(string__data="Words."), "fr")
    # What is on the site, and would leave, still has the source's words.
    assert unfinished(page) == {"fr"}
    publish(half)
    assert unfinished(page) == set()


def test_a_better_word_makes_no_translation_unfinished(page, time):
    translate(page, "fr")
    time.shift(60)
    say(StringSegment.objects.get(string__data="Words."), "fr", "Des mots.")
    assert unfinished(page) == set()


def test_a_source_that_was_changed_after_its_translation_leaves_it_unfinished(page, time):
    translate(page, "fr")
    page.refresh_from_db()
    page.subject = "Two budgets"
    draft = page.save_revision()
    # Only what is published leaves.
    assert unfinished(page) == set()
    draft.publish()
    assert unfinished(page) == {"fr"}
    time.shift(60)
    page.refresh_from_db()
    translate(page, "fr")
    assert unfinished(page) == set()


def test_a_translation_that_cannot_be_used_counts_as_none(page):
    translate(page, "fr")
    StringTranslation.objects.filter(translation_of__data="Words.").update(has_error=True)
    assert unfinished(page) == {"fr"}


def test_a_page_written_by_hand_lacks_nothing(page):
    make.translated(page, "fr", subject="Un budget")
    assert unfinished(page) == set()
    half = translate(page, "fr", without="Words.")
    assert unfinished(page) == {"fr"}
    # After "Stop translating" its editor writes the page.
    half.enabled = False
    half.save()
    assert unfinished(page) == set()


def test_the_count_and_the_dry_run_say_so_beside_the_language(client, page):
    ensure_groups()
    translate(page, "fr", without="Words.")
    translate(page, "ar")
    for language in ("en", "fr", "ar"):
        make.subscriber(language=language)
    editor = accounts.sign_in(client, accounts.editor())
    campaign = prepare_campaign(issue=page.translation_key)
    for door in ("inspect", "start"):
        answer = editor.get(reverse(f"campaigns:{door}", args=[campaign.pk]))
        assert rows(answer) == [
            ["English", "English", "1"],
            ["français", f"français {FRENCH}", "1"],
            ["العربيّة", "العربيّة", "1"],
        ]
    # Nobody is kept from sending.
    editor.post(reverse("campaigns:start", args=[campaign.pk]), looked_at(campaign))
    campaign.refresh_from_db()
    assert campaign.state == "frozen"


@pytest.mark.parametrize(
    ("reader", "name"),
    [("en", "French"), ("fr", "français"), ("es", "francés"), ("pt", "francês"), ("ar", "الفرنسية")],
)
def test_a_language_is_named_as_within_a_sentence_of_the_reader(reader, name):
    with translation.override(reader):
        assert languages.name_in_sentence("fr") == name


@pytest.mark.parametrize("number", [1, 3])
def test_asking_costs_the_same_for_one_and_for_three_languages(page, number, django_assert_num_queries):
    for language in ("fr", "ar")[: number - 1]:
        translate(page, language, without="Words.")
    pages = editions.published(page.translation_key)
    assert len(pages) == number
    with django_assert_num_queries(2):
        found = translating.unfinished(page.translation_key, pages)
    assert found == set(("fr", "ar")[: number - 1])
