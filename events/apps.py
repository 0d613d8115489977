"""The events app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events")

    def ready(self) -> None:
        """Make mails and personal data known, listen to what happens to pages, and say who may see personal data."""
        from accounts import roles

        # Models are not loaded before.
        from events import erase_mail, mails, mails_to_many, personal, receivers, rules  # noqa: F401

        mails.register_kinds()
        mails_to_many.register_kinds()
        erase_mail.register_kind()
        personal.register_kinds()
        roles.grant(roles.EVENT_MANAGERS, rules.VIEW_REGISTRATIONS, rules.CHANGE_REGISTRATIONS)
        roles.grant(roles.EVENT_MANAGERS, rules.CHANGE_REMINDERS, rules.WRITE_MESSAGES)
        roles.grant(roles.EDITORS, rules.CHANGE_REMINDERS)
