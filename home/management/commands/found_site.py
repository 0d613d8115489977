"""`manage.py found_site`: make the tree, sections and texts of a new installation; safe to run again."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from core.services import load_vocabularies
from home.services import found_site
from municipalities.services import load_cities


class Command(BaseCommand):
    help = "Makes the home page and sections in every language, vocabularies, cities and groups; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        address = urlsplit(settings.BASE_URL)
        port = address.port or (443 if address.scheme == "https" else 80)
        load_vocabularies()
        load_cities()
        home = found_site(hostname=address.hostname or "localhost", port=port)
        self.stdout.write(f"The site stands: {home.title}")
