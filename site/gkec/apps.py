"""The project as an app, so that signals are connected once, after every app has loaded."""

from django.apps import AppConfig


class GkecConfig(AppConfig):
    name = "gkec"

    def ready(self) -> None:
        from django.conf import settings

        from gkec import sentry, wiring

        sentry.start(settings.SENTRY_DSN)
        wiring.connect()
