"""`manage.py load_vocabularies`: add the terms and labels that the database lacks."""

from typing import Any

from django.core.management.base import BaseCommand

from core.services import load_vocabularies


class Command(BaseCommand):
    help = "Adds the terms and labels that the database lacks; what staff have written stays."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_vocabularies()} new terms.")
