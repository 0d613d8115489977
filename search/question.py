"""What somebody asks: cleaned, or refused with a sentence that says what to do."""

import re
import unicodedata
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import text
from search import stopwords

LONGEST = 200
ARABIC_WORD = re.compile(r"[\u0621-\u065f\u0670-\u06d3]{3,}")
# "And" and "so" are written together with the article that follows them.
CONJUNCTION_AND_ARTICLE = re.compile(r"^[وف](?=ال)")
# What search itself uses to mark a passage; see search.postgres.
PRIVATE_USE = re.compile(r"[\ue000-\uf8ff]")
# Each word costs a rewriting of the question; nobody asks with more.
MOST_ARABIC_WORDS = 8


class QuestionRefused(Exception):
    """The question cannot be asked; `sentence` tells the person what to do."""

    def __init__(self, sentence: str | Promise) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Question:
    """A question of at most 200 characters on one line."""

    words: str

    def in_language(self, language: str) -> str:
        """Return the words that carry meaning in a language."""
        return stopwords.without(self.words, language)

    def arabic_forms(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return each Arabic word with the forms that mean the same but that the stemmer takes for other words.

        The article is written together with the word, and "and" or "so" together with the article.
        """
        found = []
        for word in dict.fromkeys(ARABIC_WORD.findall(self.in_language("ar"))):
            whole = CONJUNCTION_AND_ARTICLE.sub("", word)
            bare = whole.removeprefix("ال")
            if len(bare) > 1:
                # What looks like the article may be an alef with madda, typed without it.
                doubtful = (f"آل{bare}",) if bare != whole else ()
                found.append((word, (bare, f"ال{bare}", f"وال{bare}", f"فال{bare}", *doubtful)))
        return found[:MOST_ARABIC_WORDS]


def read(raw: str) -> Question | None:
    """Return the question, or None where nothing is typed; raises QuestionRefused."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and not sign.isspace() for sign in raw):
        raise QuestionRefused(_("Your search holds characters that cannot be typed. Type it again."))
    words = PRIVATE_USE.sub("", text.single_line(raw))
    if len(words) > LONGEST:
        raise QuestionRefused(
            ngettext(
                "Your search is too long. Use at most %(count)s character.",
                "Your search is too long. Use at most %(count)s characters.",
                LONGEST,
            )
            % {"count": LONGEST}
        )
    if not any(sign.isalnum() for sign in words):
        if raw.strip():
            raise QuestionRefused(_("Write a word or a number to search for."))
        return None
    return Question(words)
