"""`manage.py demo_remove`: remove the demo content again."""

from typing import Any

from django.core.management.base import BaseCommand

from demo.services import remove_demo


class Command(BaseCommand):
    help = "Removes the demo's pages, events, courses, registrations, mails and sign-ins; everything else stays."

    def handle(self, *args: Any, **options: Any) -> None:
        removed = remove_demo()
        self.stdout.write(", ".join(f"{count} {name}" for name, count in removed.items()) + " removed.")
