"""What the newsletter keeps about people, and for how long."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import personal
from core.personal import Column, Kind, Rule, Subject
from newsletter.enums import SubscriberState
from newsletter.models import Subscriber
from newsletter.services import erasing


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_SUBSCRIPTIONS)


def _unconfirmed(before: datetime) -> QuerySet:
    return Subscriber.objects.filter(state=SubscriberState.ASKED, asked_at__lt=before)


def _gone(before: datetime) -> QuerySet:
    # Whoever is blocked, by staff or by their own wish, stays so: a deleted row could be asked for anew.
    return Subscriber.objects.filter(state=SubscriberState.LEFT, left_at__lt=before)


def _found(subject: Subject) -> QuerySet:
    return erasing.subscriptions_of(subject).prefetch_related("interests", "changes")


def _topics(subscriber: Subscriber) -> str:
    return ", ".join(term.label for term in subscriber.interests.all())


def _history(subscriber: Subscriber) -> str:
    return "\n".join(f"{step.at:%Y-%m-%d %H:%M} UTC: {step}" for step in subscriber.changes.all())


_SUBSCRIPTIONS = Kind(
    name="subscriptions",
    label=_("Newsletter"),
    about=_("Whether you get the newsletter, in which language and about which topics."),
    models=("newsletter.Subscriber", "newsletter.SubscriberChange"),
    find=_found,
    columns=(
        "email",
        "state",
        "language",
        "country",
        Column("topics", _("topics"), _topics),
        "asked_at",
        "confirmed_at",
        "left_at",
        "left_why",
        Column("history", _("History"), _history),
    ),
    rules=(
        Rule(
            "RETENTION_SUBSCRIPTION_ASKED_DAYS",
            _("A subscription that nobody confirmed is deleted %(period)s after it was asked for."),
            "asked_at",
            _unconfirmed,
            erasing.forget_subscribers,
        ),
        Rule(
            "RETENTION_SUBSCRIPTION_LEFT_DAYS",
            _("A subscription that has ended is deleted %(period)s later."),
            "left_at",
            _gone,
            erasing.forget_subscribers,
        ),
    ),
    erase=lambda subject: erasing.erase_subscriptions(subject=subject),
    order=15,
    addresses=lambda: Subscriber.objects.values_list("email", flat=True),
)
