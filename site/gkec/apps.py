"""The project as an app, so that signals are connected once, after every app has loaded."""

from django.apps import AppConfig


class GkecConfig(AppConfig):
    name = "gkec"

    def ready(self) -> None:
        from gkec import wiring

        wiring.connect()
