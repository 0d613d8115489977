"""Who a campaign would reach, and how it would read: what a dry run asks for."""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from core import countries, languages
from mail.enums import Stream
from mail.kinds import Rendering
from mail.rehearsal import NOT_KNOWN
from newsletter import editions, mails_to_many
from newsletter.campaign_errors import IssueNotPublished
from newsletter.enums import SubscriberState
from newsletter.models import Campaign
from newsletter.services import audiences
from newsletter.services.audiences import Readers, Reading


class CampaignAudience:
    """The readers of a campaign that has not been started."""

    stream: str = Stream.BULK

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.pages = editions.published(campaign.issue)
        if not self.pages:
            raise IssueNotPublished

    @cached_property
    def groups(self) -> list[Readers]:
        """Those who would get it, in groups, counted once."""
        return audiences.count_readers(self.campaign)

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, time zone and state, the same for all: who has not confirmed gets nothing."""
        for one in self.groups:
            yield one.language, one.timezone or str(NOT_KNOWN), str(SubscriberState.CONFIRMED.label), one.number

    def readings(self) -> list[Reading]:
        """Count them by language, with the one that each gets."""
        numbers: Counter[str] = Counter()
        for one in self.groups:
            numbers[one.language] += one.number
        return audiences.tally(numbers, self.pages)

    def by_country(self) -> list[tuple[str, int]]:
        """Count them by country in words, the largest number first."""
        names, numbers = dict(countries.choices(languages.current())), Counter[str]()
        for one in self.groups:
            numbers[names.get(one.country, one.country) or str(NOT_KNOWN)] += one.number
        return numbers.most_common()

    def passed_over(self) -> list[tuple[str, int]]:
        """Count those whom the audience describes and who would get nothing, by the reason in words."""
        states = audiences.count_states(self.campaign)
        have_it = states.pop(SubscriberState.CONFIRMED, 0) - sum(one.number for one in self.groups)
        counted = [(_("They have this issue from another campaign"), have_it)]
        counted += [(str(state.label), states[state]) for state in SubscriberState if state in states]
        return [(words, number) for words, number in counted if number > 0]

    def addresses(self) -> Iterator[str]:
        """Yield their addresses."""
        return audiences.readers(self.campaign).order_by("pk").values_list("email", flat=True).iterator(chunk_size=1000)

    def sample(self, language: str) -> Rendering:
        """Write the issue for nobody."""
        return mails_to_many.sample(self.pages[editions.chosen(language, self.pages)], language)
