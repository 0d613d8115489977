"""The accounts app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_save


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.account.signals import email_confirmed, user_logged_in
        from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
        from wagtail.users.models import UserProfile

        from accounts import checks, receivers  # noqa: F401  (checks register themselves)

        email_confirmed.connect(receivers.on_address_confirmed, dispatch_uid="accounts.address_confirmed")
        user_logged_in.connect(receivers.on_signed_in, dispatch_uid="accounts.signed_in")
        authenticator_added.connect(receivers.on_factor_added, dispatch_uid="accounts.factor_added")
        for signal in (authenticator_removed, authenticator_reset):
            signal.connect(receivers.on_factor_changed, dispatch_uid="accounts.factor_changed")
        pre_save.connect(receivers.give_language_to_admin, sender=UserProfile, dispatch_uid="accounts.admin_language")
        post_migrate.connect(receivers.after_migrations, dispatch_uid="accounts.groups")
