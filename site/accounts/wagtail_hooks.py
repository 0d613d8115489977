"""Registers what the admin shows of people."""

from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from accounts import rules
from accounts.admin import bulk, personal_data

# Wagtail keeps one action of a name, the last to be registered: these take the place of its own.
for action in (bulk.AssignRole, bulk.SetActiveState, bulk.Delete):
    hooks.register("register_bulk_action", action, order=1)

hooks.register("register_admin_urls", personal_data.urls)


class PersonalDataItem(MenuItem):
    def is_shown(self, request) -> bool:
        """Show it to those who may handle personal data."""
        return rules.can_handle_personal_data(request.user)


@hooks.register("register_settings_menu_item")
def personal_data_item() -> PersonalDataItem:
    """Offer requests about personal data in the menu."""
    return PersonalDataItem(_("Personal data"), reverse("personal_data"), icon_name="user", order=610)


@hooks.register("register_permissions")
def personal_data_permission():
    """Let administrators give the right to a group."""
    return Permission.objects.filter(content_type__app_label="accounts", codename="handle_personal_data")
