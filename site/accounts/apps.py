"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, personal  # noqa: F401  (checks register themselves)

        personal.register_kinds()
        self._listen_to_allauth()
        self._listen_to_the_framework()

    @staticmethod
    def _listen_to_allauth() -> None:
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa

        from accounts import audit, receivers

        account.email_confirmed.connect(receivers.on_address_confirmed, dispatch_uid="accounts.address_confirmed")
        account.user_logged_in.connect(receivers.on_signed_in, dispatch_uid="accounts.signed_in")
        mfa.authenticator_added.connect(receivers.on_factor_added, dispatch_uid="accounts.factor_added")
        for signal in (mfa.authenticator_removed, mfa.authenticator_reset):
            signal.connect(receivers.on_factor_changed, dispatch_uid="accounts.factor_changed")
            signal.connect(audit.on_factor_removed, dispatch_uid="accounts.audit")
        for signal in (account.password_changed, account.password_set, account.password_reset):
            signal.connect(audit.on_password, dispatch_uid="accounts.audit")
        account.user_logged_in.connect(audit.on_signed_in, dispatch_uid="accounts.audit")
        account.email_changed.connect(audit.on_address, dispatch_uid="accounts.audit")
        mfa.authenticator_added.connect(audit.on_factor_added, dispatch_uid="accounts.audit")
        mfa.authentication_failed.connect(audit.on_factor_failed, dispatch_uid="accounts.audit")

    @staticmethod
    def _listen_to_the_framework() -> None:
        from django.contrib.auth.signals import user_login_failed
        from django.db.models.signals import post_migrate, pre_save
        from wagtail.users.models import UserProfile

        from accounts import audit, receivers

        user_login_failed.connect(audit.on_sign_in_failed, dispatch_uid="accounts.audit")
        pre_save.connect(receivers.give_language_to_admin, sender=UserProfile, dispatch_uid="accounts.admin_language")
        post_migrate.connect(receivers.after_migrations, dispatch_uid="accounts.groups")
