"""The learning app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    name = "learning"
    verbose_name = _("Learning")

    def ready(self) -> None:
        from learning import (
            mails,
            receivers,  # noqa: F401  (connects the receivers once every model is loaded)
        )

        mails.register_kinds()
