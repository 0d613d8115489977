"""Who a campaign would reach, and how it would read: what a dry run asks for."""

from collections.abc import Iterable, Iterator

from mail.enums import Stream
from mail.kinds import Rendering
from newsletter import editions, mails_to_many
from newsletter.campaign_errors import IssueNotPublished
from newsletter.models import Campaign
from newsletter.services import audiences


class CampaignAudience:
    """The readers of a campaign that has not been started."""

    stream: str = Stream.BULK

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.pages = editions.published(campaign.issue)
        if not self.pages:
            raise IssueNotPublished

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language; a subscription has neither a time zone nor a state to choose by."""
        for one in audiences.count_audience(self.campaign):
            yield one.language, "", "", one.number

    def addresses(self) -> Iterator[str]:
        """Yield their addresses."""
        return audiences.readers(self.campaign).order_by("pk").values_list("email", flat=True).iterator(chunk_size=1000)

    def sample(self, language: str) -> Rendering:
        """Write the issue for nobody."""
        return mails_to_many.sample(self.pages[editions.chosen(language, self.pages)], language)
