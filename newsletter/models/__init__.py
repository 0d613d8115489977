"""Records and pages of the newsletter."""

from newsletter.models.campaign import Campaign
from newsletter.models.pages import NewsletterIndexPage, NewsletterPage
from newsletter.models.subscriber import Subscriber

__all__ = ["Campaign", "NewsletterIndexPage", "NewsletterPage", "Subscriber"]
