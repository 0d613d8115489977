"""The mail app."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = _("Mail")

    def ready(self) -> None:
        # Imported here because models are not loaded before.
        from anymail.signals import tracking

        from core import health, metrics
        from mail import diagnoses, figures, gauges, kinds, personal, receivers
        from mail.checks import check_durability, check_times

        tracking.connect(receivers.on_tracking, dispatch_uid="mail.on_tracking")
        checks.register(check_times)
        checks.register(check_durability, checks.Tags.database)
        diagnoses.register()
        metrics.register(gauges.gauges)
        health.register_figures(figures.figures)
        kinds.register(kinds.MailKind("plain", None, label=_("Other")))
        personal.register_kinds()
