"""The newsletter app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsletterConfig(AppConfig):
    name = "newsletter"
    verbose_name = _("Newsletter")

    def ready(self) -> None:
        """Make mails, personal data and checks known, and say who may send."""
        from accounts import roles

        # Models are not loaded before.
        from newsletter import checks, diagnoses, mails, mails_to_many, personal, rules  # noqa: F401  (importing registers the checks)

        mails.register_kinds()
        mails_to_many.register_kinds()
        personal.register_kinds()
        diagnoses.register()
        roles.grant(roles.EDITORS, rules.VIEW_CAMPAIGNS, rules.PREPARE_CAMPAIGNS, rules.SEND_CAMPAIGNS)
        roles.grant(roles.EDITORS, rules.VIEW_SUBSCRIBERS, rules.CHANGE_SUBSCRIBERS)
