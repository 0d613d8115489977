"""Bring a backup back into an empty database."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from core.errors import BackupError
from core.services.restoring import restore


class Command(BaseCommand):
    help = "Restores a backup into an empty database and the media storage, and compares every table with its manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("source", type=Path, help="The file that `backup` wrote.")
        parser.add_argument(
            "--moving",
            action="store_true",
            help="The site was stopped before the backup: mail that waits still leaves, and sessions go on.",
        )

    def handle(self, *args, **options) -> None:
        try:
            done = restore(source=options["source"], is_moving=options["moving"])
        except BackupError as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(
            f"Restored what was so at {done.made_at:%Y-%m-%d %H:%M:%S} UTC: {done.tables} tables with {done.rows} rows,"
            f" all equal to the backup's, and {done.media} media files."
        )
        if not done.has_same_key:
            self.stdout.write(
                "SECRET_KEY is not the backup's: put that one into SECRET_KEY_FALLBACKS, or second factors are lost."
            )
        if done.pending_migrations:
            self.stdout.write(f"{done.pending_migrations} migrations are newer than the backup: run `migrate`.")
        if not options["moving"]:
            self.stdout.write("Mail that waited is held back, and everybody signs in again.")
        for sentence in done.sentences:
            self.stdout.write(sentence)
