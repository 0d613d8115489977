"""Make the search index anew."""

from django.core.management.base import BaseCommand

from search import services


class Command(BaseCommand):
    help = "Writes every search document anew and removes those of pages that are not for everybody."

    def handle(self, *args, **options) -> None:
        indexed = services.reindex()
        self.stdout.write(f"{indexed.written} documents written, {indexed.removed} removed.")
