"""Registers the staff's views of local governments and of those who represent them."""

from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.permissions import register_permission_policy

from core.permissions import NoDeletion
from municipalities.admin import decisions, requests
from municipalities.admin.local_governments import LocalGovernmentViewSet
from municipalities.admin.memberships import MembershipPolicy, Memberships
from municipalities.models import LocalGovernment, Membership

register_permission_policy(LocalGovernment, NoDeletion(LocalGovernment))
register_permission_policy(Membership, MembershipPolicy(Membership))


@hooks.register("register_admin_viewset")
def register_local_governments() -> LocalGovernmentViewSet:
    """Offer the list of local governments in the menu."""
    return LocalGovernmentViewSet("local_governments")


@hooks.register("register_admin_viewset")
def register_memberships() -> Memberships:
    """Offer the list of all memberships, to which the queue leads."""
    return Memberships()


@hooks.register("register_admin_urls")
def urls() -> list[URLPattern]:
    """Return the addresses of the queue of requests and of what can be done there."""
    return [
        path("membership-requests/", requests.QueueView.as_view(), name="membership_queue"),
        path("membership-requests/<int:pk>/approve/", decisions.ApproveView.as_view(), name="membership_queue_approve"),
        path("membership-requests/<int:pk>/decline/", decisions.DeclineView.as_view(), name="membership_queue_decline"),
        path("membership-requests/<int:pk>/merge/", decisions.MergeView.as_view(), name="membership_queue_merge"),
        path(
            "membership-requests/<int:pk>/<slug:kind>/<slug:mail>/<slug:language>/",
            decisions.DecisionSampleView.as_view(),
            name="membership_queue_sample",
        ),
        # By the number of the decision: whoever takes one back takes no later one back with it.
        path(
            "membership-requests/decisions/<int:pk>/take-back/",
            decisions.TakeBackView.as_view(),
            name="membership_queue_take_back",
        ),
    ]


@hooks.register("register_admin_menu_item")
def requests_in_menu() -> requests.RequestsMenuItem:
    """Offer the queue in the menu, with the number of requests."""
    return requests.RequestsMenuItem(
        _("City requests"), reverse("membership_queue"), name="requests", icon_name="group", order=321
    )
