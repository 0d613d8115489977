"""`manage.py demo_load`: load the demo content; safe to run again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.guard import NotADemo, refuse_unless_demo
from demo.services import load_demo


class Command(BaseCommand):
    help = "Loads the demo content and what every installation needs; what is there already is left as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_unless_demo()
        except NotADemo as refusal:
            raise CommandError(str(refusal)) from refusal
        load_demo(say=self.stdout.write if options["verbosity"] else lambda line: None)
