"""Forget the personal data whose time is over, or say what would go."""

from django.core.management.base import BaseCommand

from core.services import purging


class Command(BaseCommand):
    help = "Forgets personal data that were kept for as long as the settings say, as beat does each night."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--preview", action="store_true", help="Only say what would go.")

    def handle(self, *args, **options) -> None:
        found = purging.preview() if options["preview"] else purging.purge()
        for due in found:
            since = f", the oldest from {due.oldest:%Y-%m-%d}" if due.oldest else ""
            named = f"{due.kind.name} ({due.rule.setting}={due.rule.days})"
            self.stdout.write(f"{named}: {due.number}{since}. {due.rule.in_words()}")
        if options["preview"]:
            self.stdout.write(str(purging.SHARED))
