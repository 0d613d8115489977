"""Records and pages of the newsletter."""

from newsletter.models.campaign import Campaign
from newsletter.models.history import CampaignChange, SubscriberChange
from newsletter.models.pages import NewsletterIndexPage, NewsletterPage
from newsletter.models.subscriber import Subscriber

__all__ = ["Campaign", "CampaignChange", "NewsletterIndexPage", "NewsletterPage", "Subscriber", "SubscriberChange"]
