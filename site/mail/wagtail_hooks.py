"""Registers the outbox with the admin."""

from wagtail import hooks
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import register_permission_policy

from mail.admin.outbox import OutboxViewSet, ReadOnlyPolicy
from mail.models import Message, Resend

register_permission_policy(Message, ReadOnlyPolicy(Message))
register_permission_policy(Resend, ModelPermissionPolicy(Resend))


@hooks.register("register_admin_viewset")
def outbox() -> OutboxViewSet:
    """Offer the outbox in the menu."""
    return OutboxViewSet()
