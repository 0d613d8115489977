"""The municipalities app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MunicipalitiesConfig(AppConfig):
    name = "municipalities"
    verbose_name = _("Cities")

    def ready(self) -> None:
        from municipalities import receivers  # noqa: F401  (connects the receivers once every model is loaded)
