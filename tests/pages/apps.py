"""The app of the tests' own page types."""

from django.apps import AppConfig


class TestPagesConfig(AppConfig):
    name = "tests.pages"
    label = "testpages"
