"""The learning app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    name = "learning"
    verbose_name = _("Learning")

    def ready(self) -> None:
        """Make mails and personal data known, listen to pages, and say who may guide and see learners."""
        from accounts import roles

        # Models are not loaded before; importing the receivers connects them.
        from learning import mails, personal, receivers, rules  # noqa: F401

        mails.register_kinds()
        personal.register_kinds()
        roles.grant(roles.MODERATORS, rules.VIEW_COHORTS, rules.ADD_COHORTS, rules.CHANGE_COHORTS)
        roles.grant(roles.MODERATORS, rules.VIEW_ENROLMENTS, rules.CHANGE_ENROLMENTS)
        roles.grant(roles.EDITORS, rules.VIEW_COHORTS, rules.ADD_COHORTS, rules.CHANGE_COHORTS)
