"""Who may do what with campaigns, as named predicates."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User

VIEW_CAMPAIGNS = "newsletter.view_campaign"
PREPARE_CAMPAIGNS = "newsletter.add_campaign"
SEND_CAMPAIGNS = "newsletter.change_campaign"
VIEW_SUBSCRIBERS = "newsletter.view_subscriber"


def may_see_campaigns(user: "User") -> bool:
    """Whether somebody may see how campaigns stand; no address is shown there."""
    return user.is_active and user.has_perm(VIEW_CAMPAIGNS)


def may_prepare_campaigns(user: "User") -> bool:
    """Whether somebody may prepare a campaign and send themselves a test of it."""
    return may_see_campaigns(user) and user.has_perm(PREPARE_CAMPAIGNS)


def may_send_campaigns(user: "User") -> bool:
    """Whether somebody may write to all subscribers, and pause, resume or cancel that."""
    return may_see_campaigns(user) and user.has_perm(SEND_CAMPAIGNS)


def may_see_recipients(user: "User") -> bool:
    """Whether somebody may read the addresses of those whom a campaign did not reach."""
    return may_see_campaigns(user) and user.has_perm(VIEW_SUBSCRIBERS)
