"""Write second factors under the present SECRET_KEY."""

from django.core.management.base import BaseCommand, CommandError

from accounts import services


class Command(BaseCommand):
    help = "Writes all second factors under the present SECRET_KEY, so that a retired key can be taken out."

    def handle(self, *args, **options) -> None:
        done = services.reencrypt_factors()
        self.stdout.write(f"Second factors under the present key: {done.written}.")
        if done.lost:
            raise CommandError(
                f"No key opens {done.lost} second factors: put the key that they were made with into"
                " SECRET_KEY_FALLBACKS, or let their people set up new ones."
            )
