"""Wagtail's own indexes, written at once for the tests that read them; the others leave them aside."""

from typing import Any

import pytest


@pytest.fixture
def wagtail_indexes(settings: Any) -> None:
    """Keep Wagtail's index of references and its index of words while the test runs, as the real site does."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
