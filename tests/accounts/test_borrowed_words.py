"""What allauth says on our pages stands in our catalogues, under exactly the words by which allauth asks for it."""

import re
from ast import literal_eval
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from babel.messages.pofile import read_po
from django.utils.functional import Promise
from django.utils.translation import override
from django.utils.translation.template import templatize

from accounts.borrowed import BORROWED
from tests.catalogues import sources

PACKAGE = Path(allauth.__file__).parent
MESSAGES = sorted(
    path for app in ("account", "mfa", "usersessions") for path in PACKAGE.glob(f"templates/{app}/messages/*.txt")
)
# Nobody has a telephone or a name for signing in.
NEVER_MET = re.compile(r"phone|username")


@pytest.mark.parametrize("path", [one for one in MESSAGES if not NEVER_MET.search(one.name)], ids=lambda one: one.name)
def test_a_message_of_allauth_is_among_the_borrowed_words(path):
    source = templatize(path.read_text("utf-8"), origin=path.name)
    asked = [literal_eval(one) for one in re.findall(rf"gettext\(\s*({sources.STRING})", source)]
    assert set(asked) - set(BORROWED) == set()


def test_a_refusal_in_allauths_words_is_among_the_borrowed_words():
    ours = {message for _context, message in sources.in_code()}
    refusals = get_adapter().error_messages | get_factor_adapter().error_messages
    with override("en"):
        said = {str(one) for name, one in refusals.items() if isinstance(one, Promise) and not NEVER_MET.search(name)}
    assert "Incorrect code." in said
    assert said - ours == set()


def test_every_borrowed_sentence_is_one_that_allauth_asks_for():
    with (PACKAGE / "locale/ar/LC_MESSAGES/django.po").open("rb") as file:
        known = {one.id for one in read_po(file)}
    assert set(BORROWED) - known == set()
    assert {message for _context, message in sources.in_code()} >= set(BORROWED)
    assert len(BORROWED) == len(set(BORROWED))
