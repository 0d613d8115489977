"""Arabic speaks to everybody in the plural, and asks with "يرجى" (docs/glossary.md): never to one man alone."""

import re
from pathlib import Path

import polib

CATALOGUE = Path(__file__).resolve().parents[2] / "locale/ar/LC_MESSAGES/django.po"

# What belongs to one who is addressed, and what he alone is told to do.
TO_ONE = re.compile(
    r"\b(?:رسائلك|رسالتك|تقويمك|يومك|حسابك|عنوانك|بريدك|مدينتك|اسمك|لديك|لك|إليك|منك|رأيك|تسجيلك|مقعدك|دورك|فريقك|هاتفك|بياناتك)\b"
    r"|\b(?:اختر|استخدم|افتح|راجع|راجعه|انظر|صحّح|اكتب|فاكتب|أدخل|حاول|أضف|أعد|تفضل)\b"
)


def test_nobody_is_addressed_as_one_man() -> None:
    entries = [entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete]
    said = [words for entry in entries for words in (entry.msgstr, *entry.msgstr_plural.values())]
    assert len(said) > 2000
    assert [words for words in said if TO_ONE.search(words)] == []


def test_control_such_words_are_found() -> None:
    assert TO_ONE.search("استخدم الروابط في رسائلك.")
    assert not TO_ONE.search("يرجى استخدام الروابط في رسائلكم، كذلك لكم.")
