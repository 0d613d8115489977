"""The learning app."""

from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "learning"

    def ready(self) -> None:
        from learning import receivers  # noqa: F401  (connects the receivers once every model is loaded)
