"""The window in which what goes to many can be taken back: when it ends, and how it is named to staff."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from mail import undo

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=2)


@pytest.mark.parametrize(
    ("asked_for", "since", "leaves_at"),
    [
        (None, None, NOW + WINDOW),
        (NOW, None, NOW + WINDOW),
        (NOW + timedelta(hours=1), None, NOW + timedelta(hours=1)),
        (None, NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)),
        (NOW, NOW - timedelta(hours=1), NOW),
    ],
)
def test_nothing_leaves_before_the_window_has_passed_nor_before_the_moment_asked_for(
    settings, asked_for, since, leaves_at
):
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(NOW, tick=False):
        assert undo.leaves_at(asked_for, since=since) == leaves_at


@pytest.mark.parametrize(("seconds", "words"), [(0, "1 minute"), (80, "1 minute"), (120, "2 minutes")])
def test_staff_read_the_window_in_whole_minutes_and_at_least_one(settings, seconds, words):
    settings.MAIL_UNDO_SECONDS = seconds
    assert undo.window_in_words() == words
