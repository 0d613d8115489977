"""What follows when allauth, Wagtail or a migration reports something."""

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginStageController
from django.apps import apps
from django.db import connections
from wagtail.users.models import UserProfile

from accounts import rules, second_factor, services, sessions
from accounts.models import User
from accounts.signals import address_verified


def on_address_confirmed(*, request, email_address: EmailAddress, **kwargs) -> None:
    """Take away a password that its chooser had not shown to go with the address, then tell the other apps."""
    person = email_address.user
    if not _password_goes_with(request, person):
        services.drop_unproved_password(person=person)
    address_verified.send(sender=User, person=person, address=email_address.email)


def on_signed_in(*, user: User, **kwargs) -> None:
    """Tell the other apps, since the person may have done things as a guest since they were here last."""
    if EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        address_verified.send(sender=User, person=user, address=user.email)
    if rules.can_reach_admin(user):
        # Without a profile of its own Wagtail would take the language from the browser.
        UserProfile.get_for_user(user)


def on_factor_added(*, request, user: User, authenticator, **kwargs) -> None:
    """End the sessions that had been opened without it, and let this one go on with it."""
    if authenticator.type in second_factor.FACTORS:
        sessions.end_others(request, user)
        second_factor.record_enrolment(request, authenticator)


def on_factor_changed(*, request, user: User, **kwargs) -> None:
    """End the other sessions when a factor is taken away or its recovery codes are made anew."""
    sessions.end_others(request, user)


def give_language_to_admin(*, instance: UserProfile, **kwargs) -> None:
    """Let Wagtail greet a member of staff in their own language and zone from the first page on."""
    if instance.pk is None and not instance.preferred_language:
        instance.preferred_language = services.admin_language(instance.user.language)
        instance.current_time_zone = instance.user.timezone[:40]


def after_migrations(*, app_config, using: str, **kwargs) -> None:
    """Bring the groups of staff into line, once the rights of every app exist."""
    # Django reports the apps with models one by one; the rights of all exist when the last has been reported.
    is_last = app_config == [config for config in apps.get_app_configs() if config.models_module][-1]
    needed = {"auth_permission", "wagtailcore_page", "wagtailcore_groupcollectionpermission"}
    if is_last and needed <= set(connections[using].introspection.table_names()):
        services.ensure_groups()


def _password_goes_with(request, person: User) -> bool:
    """Tell whether the address is confirmed by whoever chose the password, not by code sign-in or reset."""
    if request.user.is_authenticated and request.user.pk == person.pk:
        return True
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return bool(stage and stage.login.user and stage.login.user.pk == person.pk)
