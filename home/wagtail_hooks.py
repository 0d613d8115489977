"""Registers the staff's views of the site texts."""

from wagtail import hooks
from wagtail.permissions import register_permission_policy

from core.permissions import NoDeletion
from home.admin.site_texts import SiteTextViewSet
from home.models import SiteText


class FixedRows(NoDeletion):
    """There is one row for each language: none is added by hand, none is deleted."""

    def user_has_permission(self, user, action):
        return action != "add" and super().user_has_permission(user, action)


register_permission_policy(SiteText, FixedRows(SiteText))


@hooks.register("register_admin_viewset")
def register_site_texts() -> SiteTextViewSet:
    return SiteTextViewSet("site_texts")
