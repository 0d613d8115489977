"""Load the local governments of municipalities/data/."""

from django.core.management.base import BaseCommand, CommandError

from municipalities.errors import LoadingProblem
from municipalities.services import load_cities


class Command(BaseCommand):
    help = "Creates the local governments of municipalities/data/cities.csv that are missing; what staff wrote is kept."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--overwrite", action="store_true", help="Replace what is in the database by the file.")

    def handle(self, *args, **options) -> None:
        try:
            loaded = load_cities(overwrite=options["overwrite"])
        except LoadingProblem as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{loaded.created} created, {loaded.changed} changed, {loaded.unchanged} unchanged.")
