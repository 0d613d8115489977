"""Forget the personal data whose time is over, or say what would go."""

from django.core.management.base import BaseCommand, CommandError

from core.services import purging


class Command(BaseCommand):
    help = "Forgets personal data that were kept for as long as the settings say, as beat does each night."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--preview", action="store_true", help="Only say what would go.")

    def handle(self, *args, **options) -> None:
        if options["preview"]:
            self._tell(purging.preview())
            self.stdout.write(str(purging.SHARED))
            return
        try:
            self._tell(purging.purge())
        except purging.RulesFailed as problem:
            self._tell(problem.done)
            raise CommandError(str(problem)) from None

    def _tell(self, found: list[purging.Due]) -> None:
        for due in found:
            since = f", the oldest from {due.oldest:%Y-%m-%d}" if due.oldest else ""
            named = f"{due.kind.name} ({due.rule.setting}={due.rule.days})"
            self.stdout.write(f"{named}: {due.number}{since}. {due.rule.in_words()}")
