"""What has become of a campaign: its closing equation, how fast it leaves, and who did not get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from core import clock
from mail.enums import OPEN, State
from mail.models import Message
from mail.services import mailings
from newsletter.enums import CampaignState
from newsletter.models import Campaign

# Long enough to even out groups and retries, short enough to notice a change.
LOOK_BACK = timedelta(minutes=1)


@dataclass(frozen=True)
class Books:
    """A campaign's closing equation: the audience as it was frozen, and where each message of it is."""

    audience: int
    accepted: int = 0
    failed: int = 0
    suppressed: int = 0
    cancelled: int = 0
    unknown: int = 0
    waiting: int = 0

    @property
    def done(self) -> int:
        """How many will not change any more."""
        return self.accepted + self.failed + self.suppressed + self.cancelled + self.unknown

    @property
    def is_balanced(self) -> bool:
        """Whether everybody who was frozen is accounted for."""
        return self.audience == self.done + self.waiting


@dataclass(frozen=True)
class Progress:
    """How far a campaign has come; without a rate nobody can tell when it ends."""

    books: Books
    percent: int
    per_minute: int
    ends_at: datetime | None


def books(campaign: Campaign) -> Books:
    """Return the closing equation; of a campaign whose messages are being deleted, as it was when the first went."""
    if campaign.mailing is None:
        return Books(audience=0)
    found = {state.value: number for state, number in mailings.books(campaign.mailing).items()}
    is_whole = sum(found.values()) == campaign.mailing.total
    return _books(campaign.mailing.total, found if is_whole or not campaign.closing else campaign.closing)


def progress(campaign: Campaign) -> Progress:
    """Return how far a campaign has come, how fast it leaves now and when it would end at that rate.

    What has ended or stands still leaves at no rate.
    """
    found = books(campaign)
    percent = found.done * 100 // found.audience if found.audience else 0
    is_leaving = campaign.is_under_way and campaign.state != CampaignState.PAUSED
    recent, seconds = _recently_ended(campaign) if is_leaving else (0, 1.0)
    if not recent:
        return Progress(found, percent, 0, None)
    rate = recent / seconds
    ends_at = clock.now() + timedelta(seconds=found.waiting / rate) if found.waiting else None
    return Progress(found, percent, round(rate * 60), ends_at)


def left_out(campaign: Campaign) -> "QuerySet[Message]":
    """Return the messages of a campaign that were not accepted, those put off for now among them."""
    if campaign.mailing_id is None:
        return Message.objects.none()
    return Message.objects.missed().filter(mailing=campaign.mailing_id).without_content()


def _recently_ended(campaign: Campaign) -> tuple[int, float]:
    now = clock.now()
    begun = campaign.starts_at or now
    if campaign.mailing is None or begun >= now:
        return 0, 1.0
    since = max(now - LOOK_BACK, begun)
    # What never left says nothing about how fast mail leaves.
    ended = campaign.mailing.messages.filter(finished_at__gte=since).exclude(state=State.CANCELLED)
    return ended.count(), max(1.0, (now - since).total_seconds())


def _books(audience: int, found: Mapping[str, int]) -> Books:
    ends = ("accepted", "failed", "suppressed", "cancelled", "unknown")
    waiting = sum(found.get(state.value, 0) for state in OPEN)
    return Books(audience=audience, waiting=waiting, **{name: found.get(name, 0) for name in ends})
