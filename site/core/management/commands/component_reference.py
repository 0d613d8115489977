"""Write the table of components in docs/components.md anew from the components themselves."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from core import components

MARK = "<!-- components: written by `manage.py component_reference` -->\n"


class Command(BaseCommand):
    """Keeps what stands above the mark and replaces what stands below it."""

    help = "Writes the table of components in docs/components.md."
    # The table is wanted most while something else is unfinished.
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args, **options):
        path = Path(settings.ROOT) / "docs" / "components.md"
        head, _mark, _old = path.read_text("utf-8").partition(MARK)
        path.write_text(f"{head}{MARK}\n{components.reference()}", "utf-8")
        self.stdout.write(f"{path} holds {len(components.described())} components.")
