"""Campaigns: preparing, testing, freezing, pausing, resuming, cancelling and ending the sending of an issue."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core import clock
from mail import undo
from mail.enums import OPEN, State
from mail.models import Message
from mail.services import enqueue, mailings
from mail.services.asking_many import Asked
from newsletter import editions
from newsletter.campaign_errors import (
    AnotherUnderWay,
    CampaignFrozen,
    CampaignNotUnderWay,
    IssueNotPublished,
    MomentPassed,
    NobodyToWrite,
    RehearsedOtherwise,
)
from newsletter.enums import ENDED, CampaignState, CampaignStep
from newsletter.models import Campaign, CampaignChange, Subscriber
from newsletter.services import audiences, rowlock

if TYPE_CHECKING:
    from accounts.models import User

KIND = "newsletter-issue"
TEST_KIND = "newsletter-test"
CHUNK = 1000
# Between choosing a moment and pressing the button some minutes may go by.
STILL_NOW = timedelta(minutes=15)


@transaction.atomic
def prepare_campaign(
    *, issue: uuid.UUID, audience: Mapping[str, Collection[str]] | None = None, by: "User | None" = None
) -> Campaign:
    """Write down that an issue shall be sent, and to whom; nothing leaves before `start_campaign`.

    Raises IssueNotPublished for an issue of which there is no page, and ValueError for an audience that cannot be.
    """
    pages = editions.written(issue)
    if not pages:
        raise IssueNotPublished
    title = next(iter(pages.values())).title
    return Campaign.objects.create(issue=issue, title=title, audience=audiences.normalised(audience or {}), by=by)


@transaction.atomic
def change_campaign(*, campaign_id: int, audience: Mapping[str, Collection[str]]) -> Campaign:
    """Give a campaign another audience; raises CampaignFrozen once it has been started."""
    campaign = _locked(campaign_id)
    if not campaign.is_draft:
        raise CampaignFrozen
    campaign.audience = audiences.normalised(audience)
    campaign.save(update_fields=["audience"])
    return campaign


@transaction.atomic
def send_test(*, campaign_id: int, to: str, by: "User | None" = None) -> list[Message]:
    """Mail the newest words of an issue, published or not, to one address, once in each language there is.

    Raises IssueNotPublished where no page is left, and BadAddress.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    pages = editions.written(campaign.issue)
    if not pages:
        raise IssueNotPublished
    return [
        enqueue(
            key=f"{TEST_KIND}:{campaign.uuid}:{code}:{uuid.uuid4()}",
            kind=TEST_KIND,
            to=to,
            language=code,
            params={"campaign": campaign.pk, "page": page.pk, "revision": page.latest_revision_id},
            person=by if by is not None and by.email.casefold() == to.casefold() else None,
        )
        for code, page in pages.items()
    ]


def key(campaign: Campaign, subscriber: Subscriber) -> str:
    """Return the key under which the outbox knows one reader's copy."""
    return f"{KIND}:{campaign.uuid}:{subscriber.uuid}"


def has_passed(at: datetime) -> bool:
    """Whether a moment to leave lies too far back to mean now."""
    return at < clock.now() - STILL_NOW


@transaction.atomic
def start_campaign(
    *, campaign_id: int, by: "User | None" = None, at: datetime | None = None, seen: str | None = None
) -> Campaign:
    """Freeze who gets an issue and in which words, and let it leave at `at` or when the undo window has passed.

    `seen` is the `editions.mark` of the dry run that somebody looked at; where it is another by now, nothing starts.
    Starting twice starts once. Raises IssueNotPublished, AnotherUnderWay, RehearsedOtherwise, NobodyToWrite and
    MomentPassed.
    """
    # First of all: an erasure holds this lock when it comes to the campaigns of whoever is erased.
    rowlock.while_freezing()
    campaign = locked_with_its_issue(campaign_id)
    if not campaign.is_draft:
        return campaign
    if any(one.is_under_way for one in Campaign.objects.filter(issue=campaign.issue)):
        raise AnotherUnderWay
    pages = editions.published(campaign.issue)
    if not pages:
        raise IssueNotPublished
    if seen is not None and seen != editions.mark(campaign.audience, pages):
        raise RehearsedOtherwise
    if at is not None and has_passed(at):
        raise MomentPassed
    now = clock.now()
    leaves_at = undo.leaves_at(at, since=now)
    numbers: Counter[str] = Counter()
    mailing = mailings.freeze(
        kind=KIND, title=campaign.title, asked=_asked(campaign, leaves_at, numbers), leaves_at=leaves_at, by=by
    )
    if not mailing.total:
        raise NobodyToWrite
    campaign.state, campaign.frozen_at, campaign.starts_at = CampaignState.FROZEN, now, leaves_at
    campaign.mailing, campaign.editions = mailing, editions.frozen(pages)
    campaign.counted = [[one.language, one.reads, one.number] for one in audiences.tally(numbers, pages)]
    campaign.save()
    _note(campaign, CampaignStep.STARTED, by)
    return campaign


@transaction.atomic
def pause_campaign(*, campaign_id: int, by: "User | None" = None) -> Campaign:
    """Let nothing more of a campaign begin to leave; pausing twice changes nothing. Raises CampaignNotUnderWay."""
    campaign = _locked(campaign_id)
    if campaign.state == CampaignState.PAUSED:
        return campaign
    mailing_id = _mailing_of(campaign)
    paused = mailings.pause(mailing_id=mailing_id)
    campaign.state, campaign.paused_at = CampaignState.PAUSED, paused.paused_at
    campaign.save(update_fields=["state", "paused_at"])
    _note(campaign, CampaignStep.PAUSED, by)
    return campaign


@transaction.atomic
def resume_campaign(*, campaign_id: int, by: "User | None" = None) -> Campaign:
    """Let the rest of a paused campaign leave; resuming what is not paused changes nothing."""
    campaign = _locked(campaign_id)
    mailing_id = _mailing_of(campaign)
    if campaign.state != CampaignState.PAUSED:
        return campaign
    mailings.resume(mailing_id=mailing_id)
    campaign.state = CampaignState.SENDING if campaign.has_begun else CampaignState.FROZEN
    campaign.paused_at = None
    campaign.save(update_fields=["state", "paused_at"])
    _note(campaign, CampaignStep.RESUMED, by)
    return campaign


@transaction.atomic
def cancel_campaign(*, campaign_id: int, by: "User | None" = None) -> Campaign:
    """Take back every message of a campaign that has not begun to leave; cancelling twice changes nothing.

    Raises CampaignNotUnderWay, also where all of it has left and only the sweep has not noticed yet.
    """
    campaign = _locked(campaign_id)
    if campaign.state == CampaignState.CANCELLED:
        return campaign
    if campaign.is_under_way and campaign.has_begun and not _has_open(campaign):
        # Nobody's copy can be taken back any more; the sweep writes down that it has been sent.
        raise CampaignNotUnderWay
    mailings.take_back(mailing_id=_mailing_of(campaign))
    campaign.state, campaign.paused_at, campaign.finished_at = CampaignState.CANCELLED, None, clock.now()
    campaign.save(update_fields=["state", "paused_at", "finished_at"])
    _note(campaign, CampaignStep.CANCELLED, by)
    return campaign


@transaction.atomic
def discard_campaign(*, campaign_id: int) -> None:
    """Forget a campaign that nobody was asked to get; raises CampaignFrozen for any other."""
    campaign = _locked(campaign_id)
    if not campaign.is_draft:
        raise CampaignFrozen
    campaign.delete()


def advance_campaigns() -> int:
    """Write down what time has brought: which campaigns leave by now, and which have ended; return how many ended.

    Safe at any time and any number of times.
    """
    Campaign.objects.filter(state=CampaignState.FROZEN, starts_at__lte=clock.now()).update(state=CampaignState.SENDING)
    return sum(_end(pk) for pk in _at_their_end().values_list("pk", flat=True))


@transaction.atomic
def _end(pk: int) -> bool:
    campaign = _at_their_end().select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
    if campaign is None or campaign.mailing is None:
        return False
    campaign.closing = _stored(mailings.books(campaign.mailing))
    if campaign.state == CampaignState.PAUSED:
        # The last of it had left before the pause.
        mailings.resume(mailing_id=campaign.mailing.pk)
    if campaign.is_under_way:
        campaign.state, campaign.finished_at, campaign.paused_at = CampaignState.SENT, clock.now(), None
    campaign.save(update_fields=["closing", "state", "finished_at", "paused_at"])
    return True


@transaction.atomic
def close_books_anew(*, mailings_of: Collection[int]) -> None:
    """Count ended campaigns by the keys of their mailings once more, since some of their messages are about to go.

    An answer that came after the end may have turned an unknown message into an accepted one. Books of which messages
    are gone already stay as they are.
    """
    ended = Campaign.objects.filter(mailing__in=mailings_of, state__in=ENDED).exclude(closing={})
    for campaign in ended.select_for_update(of=("self",)).select_related("mailing").order_by("pk"):
        assert campaign.mailing is not None
        found = mailings.books(campaign.mailing)
        if sum(found.values()) == campaign.mailing.total:
            campaign.closing = _stored(found)
            campaign.save(update_fields=["closing"])


def _stored(found: Mapping[State, int]) -> dict[str, int]:
    return {state.value: number for state, number in found.items()}


def _has_open(campaign: Campaign) -> bool:
    return Message.objects.filter(mailing=campaign.mailing_id, state__in=OPEN).exists()


def _at_their_end() -> "QuerySet[Campaign]":
    is_moving = Message.objects.filter(mailing=OuterRef("mailing"), state__in=OPEN)
    is_near = Q(state__in=[CampaignState.SENDING, CampaignState.PAUSED]) | Q(state=CampaignState.CANCELLED, closing={})
    return Campaign.objects.filter(is_near, ~Exists(is_moving)).order_by("pk")


def _asked(campaign: Campaign, leaves_at: datetime, numbers: Counter[str]) -> Iterator[Asked]:
    # Readers of one language stand together, so that a worker writes few variants a batch.
    people = audiences.readers(campaign).order_by("language", "pk").only("uuid", "email", "language", "person_id")
    for one in people.iterator(chunk_size=CHUNK):
        numbers[one.language] += 1
        yield Asked(
            key=key(campaign, one),
            to=one.email,
            language=one.language,
            params={"campaign": campaign.pk, "subscriber": one.pk},
            due_at=leaves_at,
            person_id=one.person_id,
        )


def _note(campaign: Campaign, what: CampaignStep, by: "User | None") -> None:
    CampaignChange.objects.create(campaign=campaign, what=what, by=by)


def _locked(campaign_id: int) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).get(pk=campaign_id)


def locked_with_its_issue(campaign_id: int) -> Campaign:
    """Lock all campaigns of an issue: who had it from one of them, or is sent it again, is known to the next.

    Raises Campaign.DoesNotExist.
    """
    issue = Campaign.objects.values_list("issue", flat=True).get(pk=campaign_id)
    locked = Campaign.objects.select_for_update(of=("self",)).filter(issue=issue).order_by("pk")
    campaign = next((one for one in locked if one.pk == campaign_id), None)
    if campaign is None:
        # Discarded while its row was waited for.
        raise Campaign.DoesNotExist
    return campaign


def _mailing_of(campaign: Campaign) -> int:
    if not campaign.is_under_way or campaign.mailing_id is None:
        raise CampaignNotUnderWay
    return campaign.mailing_id
