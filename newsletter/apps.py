"""The newsletter app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsletterConfig(AppConfig):
    name = "newsletter"
    verbose_name = _("Newsletter")

    def ready(self) -> None:
        """Make mails and personal data known."""
        # Models are not loaded before.
        from newsletter import mails, mails_to_many, personal

        mails.register_kinds()
        mails_to_many.register_kinds()
        personal.register_kinds()
