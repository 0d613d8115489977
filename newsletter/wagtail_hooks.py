"""Registers the newsletter with the admin."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button
from wagtail.models import Page
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import register_permission_policy

from newsletter import rules
from newsletter.admin.campaigns import Campaigns
from newsletter.admin.subscribers import Subscribers
from newsletter.models import Campaign, NewsletterPage, Subscriber

register_permission_policy(Campaign, ModelPermissionPolicy(Campaign))
register_permission_policy(Subscriber, ModelPermissionPolicy(Subscriber))


class Newsletter(ViewSetGroup):
    """The menu of the newsletter."""

    menu_label = _("Newsletter")
    menu_icon = "mail"
    menu_order = 160
    items = (Campaigns, Subscribers)


@hooks.register("register_admin_viewset")
def newsletter() -> Newsletter:
    """Offer the campaigns and the subscribers in the menu."""
    return Newsletter()


@hooks.register("register_page_header_buttons")
def campaign_from_editor(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Offer a campaign where an issue is edited."""
    if isinstance(page.specific_deferred, NewsletterPage) and rules.may_prepare_campaigns(user):
        url = f"{reverse('campaigns:add')}?issue={page.translation_key}"
        yield Button(_("Prepare a campaign"), url, icon_name="mail", priority=15)
