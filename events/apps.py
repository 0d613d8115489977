"""The events app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events")

    def ready(self) -> None:
        """Make the app's mails known and listen to what happens to its pages."""
        from events import mails, receivers  # noqa: F401  (models are not loaded before)

        mails.register_kinds()
