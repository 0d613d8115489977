"""The foundation app: pages, blocks, vocabularies, components and the page cache."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import checks, componentchecks, diagnoses, receivers, timekeeping  # noqa: F401  (importing registers the checks)
        from core.admin import anchors

        anchors.connect()
        timekeeping.connect()
        receivers.connect()
        diagnoses.register()
