"""The only writers of the newsletter app: verbs, keyword-only, one transaction each."""

from newsletter.services.erasing import erase_subscriptions
from newsletter.services.subscribing import ask, change_preferences, claim_subscription, confirm, leave

__all__ = ["ask", "change_preferences", "claim_subscription", "confirm", "erase_subscriptions", "leave"]
