"""Registers the outbox with the admin."""

from wagtail import hooks
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import register_permission_policy

from mail.admin.outbox import OutboxViewSet, ReadOnlyPolicy
from mail.admin.suppressions import SuppressionPolicy, SuppressionViewSet
from mail.models import Message, Resend, Suppression

register_permission_policy(Message, ReadOnlyPolicy(Message))
register_permission_policy(Resend, ModelPermissionPolicy(Resend))
register_permission_policy(Suppression, SuppressionPolicy(Suppression))


@hooks.register("register_admin_viewset")
def outbox() -> OutboxViewSet:
    """Offer the outbox in the menu."""
    return OutboxViewSet()


@hooks.register("register_admin_viewset")
def suppressions() -> SuppressionViewSet:
    """Offer the suppression list in the menu."""
    return SuppressionViewSet()
