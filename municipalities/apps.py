"""The municipalities app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MunicipalitiesConfig(AppConfig):
    name = "municipalities"
    verbose_name = _("Cities")

    def ready(self) -> None:
        from accounts import roles
        from municipalities import receivers  # noqa: F401  (connects the receivers once every model is loaded)

        # Nobody but administrators deletes one: what people did hangs from it, so it is retired instead.
        rights = ("view", "add", "change")
        roles.grant(roles.EDITORS, *(f"municipalities.{right}_localgovernment" for right in rights))
