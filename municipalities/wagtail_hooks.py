"""Registers the staff's views of local governments."""

from wagtail import hooks

from municipalities.admin.local_governments import LocalGovernmentViewSet


@hooks.register("register_admin_viewset")
def register_local_governments() -> LocalGovernmentViewSet:
    """Offer the list of local governments in the menu."""
    return LocalGovernmentViewSet("local_governments")
