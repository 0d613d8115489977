"""Fixtures for every test; the services themselves are chosen and started in tests/services/plugin.py."""

# Imported rather than loaded as a plugin: a conftest's fixture goes before pytest-django's own.
from tests.services.database import django_db_setup

__all__ = ["django_db_setup"]

pytest_plugins = [
    "tests.services.browser",
    "tests.services.caches",
    "tests.services.demo",
    "tests.services.indexes",
    "tests.services.interrupted",
    "tests.services.mailserver",
    "tests.services.shared",
    "tests.services.smtpscript",
    "tests.services.worker",
]
