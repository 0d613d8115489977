"""Settings of the test suite: real services, short waits, no pool so that databases can be dropped."""

import os

os.environ.setdefault("SECRET_KEY", "for-tests-only-0123456789-0123456789-0123456789-0123456789")
os.environ.setdefault("BASE_URL", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ.setdefault("DATABASE_URL", "postgres://gkec@127.0.0.1:5432/gkec")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:2525")

from gkec import environment as env
from gkec.settings.base import *
from gkec.settings.base import DATABASES, INSTALLED_APPS, STORAGES, VAR

DEMO = True
# Tests move the clock of their own process.
CLOCK_FOLLOWS_DATABASE = env.flag("CLOCK_FOLLOWS_DATABASE", default=False)
INSTALLED_APPS = ["tests.pages", "demo", *INSTALLED_APPS]
DATABASES["default"]["OPTIONS"].pop("pool", None)
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "erasures": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}
# Collected files, which a start of the site leaves in the tree, would be looked through by every client of every test.
STATIC_ROOT = VAR / "static-of-tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Wagtail's own indexes cost a third of every publishing; a test that reads them asks for `wagtail_indexes`.
TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
