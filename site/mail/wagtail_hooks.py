"""Registers the outbox with the admin."""

from wagtail import hooks
from wagtail.permissions import register_permission_policy

from mail.admin.outbox import OutboxViewSet, ReadOnlyPolicy
from mail.models import Message

register_permission_policy(Message, ReadOnlyPolicy(Message))


@hooks.register("register_admin_viewset")
def outbox() -> OutboxViewSet:
    """Offer the outbox in the menu."""
    return OutboxViewSet()
