"""Settings of `make demo`: production's caches and static files on loopback, with demo content."""

import os
from urllib.parse import urlsplit

from gkec import environment as env
from gkec.loopback import is_loopback

os.environ.setdefault("SECRET_KEY", "for-the-demo-on-loopback-only-never-for-a-public-site-0123456789")
os.environ.setdefault("BASE_URL", f"http://127.0.0.1:{os.environ.get('PORT') or 8000}")
os.environ.setdefault("ALLOWED_HOSTS", "127.0.0.1,localhost")
os.environ.setdefault("DATABASE_URL", "postgres://gkec@127.0.0.1:5432/gkec")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:2525")

from gkec.settings.base import *
from gkec.settings.base import BASE_URL, INSTALLED_APPS, STORAGES

# Where runserver and gunicorn listen is looked at where they are told (demo's runserver, gkec.gunicorn_conf).
if not is_loopback(urlsplit(BASE_URL).hostname or ""):
    raise env.ConfigurationProblem("BASE_URL must be a loopback address with the demo settings, such as 127.0.0.1.")
if not is_loopback(env.text("BIND", default="127.0.0.1")):
    raise env.ConfigurationProblem("BIND must be a loopback address with the demo settings, such as 127.0.0.1.")

DEMO = True
METRICS_ON_LOOPBACK = True
INSTALLED_APPS = ["demo", *INSTALLED_APPS]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "demo.staticstorage.GzippedManifestStaticFilesStorage"}}
SECOND_FACTOR_REQUIRED_FOR_STAFF = False
