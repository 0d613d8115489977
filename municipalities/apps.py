"""The municipalities app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MunicipalitiesConfig(AppConfig):
    name = "municipalities"
    verbose_name = _("Cities")

    def ready(self) -> None:
        from accounts import roles

        # Models are not loaded before; importing the receivers connects them.
        from municipalities import mails, personal, receivers, rules  # noqa: F401

        mails.register_kinds()
        personal.register_kinds()

        # Nobody but administrators deletes one: what people did hangs from it, so it is retired instead.
        rights = ("view", "add", "change")
        roles.grant(roles.EDITORS, *(f"municipalities.{right}_localgovernment" for right in rights))
        for role in (roles.EDITORS, roles.MODERATORS):
            roles.grant(role, rules.VIEW_MEMBERSHIPS, rules.CHANGE_MEMBERSHIPS)
