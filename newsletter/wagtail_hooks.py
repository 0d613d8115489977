"""Registers the newsletter with the admin."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.models import Page
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import register_permission_policy

from newsletter import rules
from newsletter.admin.campaigns import Campaigns
from newsletter.models import Campaign, NewsletterPage

register_permission_policy(Campaign, ModelPermissionPolicy(Campaign))


@hooks.register("register_admin_viewset")
def campaigns() -> Campaigns:
    """Offer the campaigns in the menu."""
    return Campaigns()


@hooks.register("register_page_header_buttons")
def campaign_from_editor(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Offer a campaign where an issue is edited."""
    if isinstance(page.specific_deferred, NewsletterPage) and rules.may_prepare_campaigns(user):
        url = f"{reverse('campaigns:add')}?issue={page.translation_key}"
        yield Button(_("Prepare a campaign"), url, icon_name="mail", priority=15)
