"""The only writers of the newsletter app: verbs, keyword-only, one transaction each."""

from newsletter.services.blocking import block_address, unblock_subscriber, unsubscribe_address, unsubscribe_by_staff
from newsletter.services.campaigns import (
    advance_campaigns,
    cancel_campaign,
    change_campaign,
    close_books_anew,
    discard_campaign,
    pause_campaign,
    prepare_campaign,
    resume_campaign,
    send_test,
    start_campaign,
)
from newsletter.services.erasing import erase_subscriptions
from newsletter.services.subscribing import (
    ask,
    ask_no_more,
    asked_for,
    change_preferences,
    claim_subscription,
    confirm,
    leave,
    leave_by_report,
)

__all__ = [
    "advance_campaigns",
    "ask",
    "ask_no_more",
    "asked_for",
    "block_address",
    "cancel_campaign",
    "change_campaign",
    "change_preferences",
    "claim_subscription",
    "close_books_anew",
    "confirm",
    "discard_campaign",
    "erase_subscriptions",
    "leave",
    "leave_by_report",
    "pause_campaign",
    "prepare_campaign",
    "resume_campaign",
    "send_test",
    "start_campaign",
    "unblock_subscriber",
    "unsubscribe_address",
    "unsubscribe_by_staff",
]
