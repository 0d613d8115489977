"""Write a backup of database and media to one file."""

import signal
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.errors import BackupError
from core.services.backing_up import back_up


class Command(BaseCommand):
    help = "Writes the database and all media to one file with a manifest of hashes; the site may go on meanwhile."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Clean up when asked to stop, instead of leaving half a file with everything about everybody."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        super().run_from_argv(argv)

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "to", type=Path, help="The file to write, or a folder in which a file named after the moment is made."
        )

    def handle(self, *args, **options) -> None:
        to = options["to"]
        if to.is_dir():
            to = to / f"gkec-{clock.now():%Y%m%dT%H%M%SZ}.tar"
        try:
            made = back_up(to=to)
        except BackupError as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(
            f"{made.path}: {made.tables} tables with {made.rows} rows, {made.media} media files, {made.bytes} bytes."
        )
