"""Repeat the erasures that a restored database does not know of."""

from django.core.management.base import BaseCommand

from accounts import services


class Command(BaseCommand):
    help = "Erases again who was erased after the backup that the database was restored from; safe to run again."

    def handle(self, *args, **options) -> None:
        for sentence in services.repeat_erasures().in_words():
            self.stdout.write(sentence)
