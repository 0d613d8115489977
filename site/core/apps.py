"""The foundation app: pages, blocks, vocabularies, components and the page cache."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import checks, componentchecks, diagnoses, receivers  # noqa: F401  (importing registers the checks)

        receivers.connect()
        diagnoses.register()
