"""Who a campaign goes to, and in which language each of them reads it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from core import countries, languages
from core.models import Term
from mail.enums import State
from mail.models import Message, Resend
from mail.services.holding import BECAUSE
from newsletter import editions
from newsletter.enums import SubscriberState
from newsletter.models import Campaign, Subscriber
from newsletter.models.subscriber import INTERESTS
from newsletter.querysets import SubscriberQuerySet

# Whoever has one of these in hand from another campaign of the issue would get it twice.
_MAY_COME_AGAIN = (State.CANCELLED, State.FAILED, State.SUPPRESSED)


@dataclass(frozen=True)
class Readers:
    """How many readers have a language, country and time zone in common; what is not known of them is empty."""

    language: str
    country: str
    timezone: str
    number: int


@dataclass(frozen=True)
class Reading:
    """How many people of one language get an issue in which one; `reads` is empty when there is none for them."""

    language: str
    reads: str
    number: int


def readers(campaign: Campaign) -> "QuerySet[Subscriber]":
    """Return the confirmed subscribers whom a campaign is for, those who have had its issue left out."""
    return _meant(campaign).filter(~Exists(_had(campaign, OuterRef("pk"))))


def fits_somebody(campaign: Campaign) -> bool:
    """Whether the audience has confirmed subscribers, those who have had its issue among them."""
    return _meant(campaign).exists()


def _meant(campaign: Campaign) -> "QuerySet[Subscriber]":
    return _fitting(campaign).confirmed()


def _fitting(campaign: Campaign) -> SubscriberQuerySet:
    audience = campaign.audience
    found = Subscriber.objects.all()
    if audience["languages"]:
        found = found.filter(language__in=audience["languages"])
    if audience["countries"]:
        found = found.filter(country__in=audience["countries"])
    if audience["interests"]:
        found = found.interested_in(audience["interests"])
    return found


def count_audience(campaign: Campaign) -> list[Reading]:
    """Return how many readers of each language there would be and what each gets; two statements."""
    available = editions.published(campaign.issue)
    counted = readers(campaign).order_by().values_list("language").annotate(number=Count("pk"))
    return tally(dict(counted), available)


def count_readers(campaign: Campaign) -> list[Readers]:
    """Return the readers by language, country and time zone, which only an account has; one statement."""
    by = ("language", "country", "person__timezone")
    counted = readers(campaign).order_by().values_list(*by).annotate(number=Count("pk"))
    return [Readers(language, country, zone or "", number) for language, country, zone, number in counted]


def count_states(campaign: Campaign) -> dict[SubscriberState, int]:
    """Return in which states all are whom the audience describes, readers or not; one statement."""
    counted = _fitting(campaign).order_by().values_list("state").annotate(number=Count("pk"))
    return {SubscriberState(state): number for state, number in counted}


def tally(numbers: Mapping[str, int], available: Collection[str]) -> list[Reading]:
    """Return numbers by language as readings, the site's languages in their order."""
    order = [code for code in languages.codes() if code in numbers] + sorted(set(numbers) - set(languages.codes()))
    return [Reading(code, editions.chosen(languages.nearest(code), available), numbers[code]) for code in order]


def normalised(audience: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Return an audience as it is kept, sorted; raises ValueError for what is no topic, language or country."""
    known = {
        "interests": set(Term.objects.of(INTERESTS).values_list("slug", flat=True)),
        "languages": set(languages.codes()),
        "countries": {code for code, _name in countries.choices("en")},
    }
    if unknown := set(audience) - set(known):
        raise ValueError(f"An audience is not narrowed by {min(unknown)!r}.")
    wanted = {name: set(audience.get(name, ())) for name in known}
    for name, values in wanted.items():
        if strange := values - known[name]:
            raise ValueError(f"{min(strange)!r} is not among the {name}.")
    return {name: sorted(values) for name, values in wanted.items()}


def is_for(campaign: Campaign, subscriber: Subscriber) -> bool:
    """Whether language, country and topics of somebody, read with them, are of those that a campaign is for."""
    wanted = campaign.audience
    topics = {term.slug for term in subscriber.interests.all()}
    return (
        (not wanted["languages"] or subscriber.language in wanted["languages"])
        and (not wanted["countries"] or subscriber.country in wanted["countries"])
        and (not wanted["interests"] or not topics or not topics.isdisjoint(wanted["interests"]))
    )


def copies(keys: Collection[str]) -> dict[str, tuple[bool, datetime | None]]:
    """Return for each message of a campaign, by its key, whether it counts as had, and since when by a copy if not.

    What counts keeps its reader from another campaign of the same issue. One statement.
    """
    is_had = Case(When(_counts_as_had(), then=True), default=False, output_field=BooleanField())
    first_copy = _sent_again().order_by("number").values("at")[:1]
    found = Message.objects.filter(key__in=keys).annotate(is_had=is_had, copied_at=Subquery(first_copy))
    return {key: (is_had, at) for key, is_had, at in found.values_list("key", "is_had", "copied_at")}


def has_had(campaign: Campaign, subscriber_id: int) -> bool:
    """Whether somebody has had, or may have had, the issue from another campaign."""
    return _had(campaign, subscriber_id).exists()


def _had(campaign: Campaign, subscriber: int | OuterRef) -> "QuerySet[Message]":
    others = Campaign.objects.filter(issue=campaign.issue, mailing__isnull=False).exclude(pk=campaign.pk)
    had = _counts_as_had() | Q(Exists(_sent_again()))
    theirs = Message.objects.filter(had, mailing__in=others.values("mailing"))
    return theirs.alias(whose=Cast(KT("params__subscriber"), BigIntegerField())).filter(whose=subscriber)


def _counts_as_had() -> Q:
    """Return the condition on messages that left, may have left or are still to leave, copies aside."""
    # What was held back after a restore may have left from the lost site: staff send it again one by one.
    held_back = Q(state=State.CANCELLED, last_reply=BECAUSE)
    return ~Q(state__in=_MAY_COME_AGAIN) | held_back


def _sent_again() -> "QuerySet[Resend]":
    """Return the copies of a message by which its reader has had it, or may yet."""
    # What was to be repeated had been handed over before without an answer: it ends as unknown, never in one of these.
    return Resend.objects.exclude(copy__state__in=_MAY_COME_AGAIN).filter(original=OuterRef("pk"))
