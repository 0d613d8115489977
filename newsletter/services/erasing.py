"""Taking people out of the list of subscribers; the log of consents has its own time."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q

from core.emailkeys import email_key
from core.personal import Subject
from newsletter.models import Subscriber
from newsletter.querysets import SubscriberQuerySet
from newsletter.services import rowlock


def subscriptions_of(subject: Subject) -> SubscriberQuerySet:
    """Return the subscriptions of an account, and those of its addresses that belong to no account."""
    mine = Q(person=None, email_key__in=[email_key(one) for one in subject.addresses])
    if subject.person_id is not None:
        mine |= Q(person=subject.person_id)
    return Subscriber.objects.filter(mine)


@transaction.atomic
def erase_subscriptions(*, subject: Subject) -> int:
    """Delete the subscriptions of somebody: links in old mails then lead to nobody, and what waits is not sent."""
    rowlock.before_erasing()
    keys = list(subscriptions_of(subject).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    forget_subscribers(keys)
    return len(keys)


def forget_subscribers(keys: Iterable[Any]) -> None:
    """Delete subscribers by their keys, inside the caller's transaction."""
    Subscriber.objects.filter(pk__in=list(keys)).delete()
