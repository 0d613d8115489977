"""Django's server for development, which opens the demo to nobody else."""

from typing import Any

from django.core.management.base import CommandError
from whitenoise.runserver_nostatic.management.commands import runserver

from demo.guard import LOOPBACK


class Command(runserver.Command):
    def run(self, *args: Any, **options: Any) -> None:
        """Refuse an address that others can reach: `manage.py` falls back to the demo's settings."""
        if self.addr not in LOOPBACK:
            raise CommandError(
                "With the demo settings, serve on 127.0.0.1, localhost or [::1] alone, such as 127.0.0.1:8000: "
                "the demo's passwords are known to all."
            )
        super().run(*args, **options)
