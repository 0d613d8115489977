"""Whether demo content may come into this database: its sign-ins, whose password everybody knows, open all of it."""

from urllib.parse import urlsplit

from django.conf import settings
from wagtail.models import Site

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NotADemo(Exception):
    """The message is one sentence that says why the demo is kept out and what to do."""


def refuse_unless_demo() -> None:
    """Raise NotADemo unless settings and database are those of a demo or a test.

    `manage.py` falls back to the demo's settings where a shell names no others, also on a machine whose DATABASE_URL is
    production's: so the database is asked as well for which site it is.
    """
    if not getattr(settings, "DEMO", False):
        raise NotADemo("The demo is loaded with the settings of the demo or of tests alone: use gkec.settings.demo.")
    own = {*LOOPBACK, urlsplit(settings.BASE_URL).hostname}
    if public := Site.objects.exclude(hostname__in=own).order_by("pk").first():
        raise NotADemo(
            f"This database serves {public.hostname}, so the demo stays out of it: let DATABASE_URL name another one."
        )
