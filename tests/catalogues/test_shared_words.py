"""A string of ours without a context is a library's too: our translation stands wherever Wagtail says the word."""

from typing import Any

import pytest
from django.utils import translation

from core.blocks import BODY_BLOCKS
from newsletter import previews
from newsletter.blocks import MAIL_BLOCKS
from newsletter.enums import CampaignState, CampaignStep
from tests.catalogues.sources import messages

# What Wagtail means by each is something else: a published page, the number of words on it, who may see it, …
MEANS_ANOTHER_THING = {"Administrator", "Format", "From", "Live", "Privacy", "Words", "pages"}


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each string with a context show both."""
    monkeypatch.setattr(translation._trans, "pgettext", lambda context, message: f"{context}: {message}")


def test_a_word_that_wagtail_uses_in_another_sense_has_a_context() -> None:
    marked = messages()
    assert sorted(word for context, word in marked if not context and word in MEANS_ANOTHER_THING) == []
    # They are still ours, each with a context.
    assert {word for _context, word in marked} >= MEANS_ANOTHER_THING


def test_a_campaign_a_preview_and_groups_of_blocks_have_words_of_their_own(contexts: None) -> None:
    blocks: dict[str, Any] = dict([*BODY_BLOCKS, *MAIL_BLOCKS])
    shown = [
        CampaignState.CANCELLED.label,
        CampaignStep.CANCELLED.label,
        dict(previews.MODES)["mail"],
        blocks["coming_events"].meta.group,
        blocks["open_cohorts"].meta.group,
        blocks["text"].meta.group,
        blocks["heading"].meta.group,
    ]
    assert [str(words) for words in shown] == [
        "campaign: Cancelled",
        "campaign: Cancelled",
        "way to look at an issue: Mail",
        *["group of blocks: Live"] * 2,
        *["group of blocks: Words"] * 2,
    ]
