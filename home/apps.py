"""The home app."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "home"

    def ready(self) -> None:
        """Say who keeps the texts of the site: whoever publishes its pages."""
        from accounts import roles

        roles.grant(roles.EDITORS, "home.view_sitetext", "home.change_sitetext")
