"""Mails of an event that were never planned for somebody, and why: they came too late, or were not whom it was for."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from core import clock
from events.enums import ChangeKind, ReminderAudience
from events.models import Registration, Reminder, ReminderRule, StaffMessage
from events.services import writing
from mail import kinds
from mail.enums import MAY_HAVE_ARRIVED
from mail.models import Message

MOST_REGISTRATIONS = 100


@dataclass(frozen=True)
class NeverPlanned:
    """A mail that somebody registered for an event did not get, since nothing was ever planned for them."""

    registration: Registration
    what: str
    at: datetime
    why: str


def reminders(registrations: Collection[Registration]) -> Iterator[NeverPlanned]:
    """Yield the reminders whose time has come and of which these registrations have no row; two statements."""
    occasions = {one.event.translation_key for one in registrations}
    rules = list(ReminderRule.objects.filter(translation_key__in=occasions, due_at__lte=clock.now()))
    planned = set(
        Reminder.objects.filter(registration__in=[one.pk for one in registrations]).values_list("registration", "rule")
    )
    for one in registrations:
        for rule in rules:
            is_without = rule.translation_key == one.event.translation_key and (one.pk, rule.pk) not in planned
            if is_without and rule.due_at is not None:
                yield NeverPlanned(one, _("Reminder"), rule.due_at, _why_not_planned(one, rule, rule.due_at))


def messages(registrations: Collection[Registration]) -> Iterator[NeverPlanned]:
    """Yield what staff sent to an event without these registrations among those it went to; two statements.

    Of what is so old that the outbox may have forgotten it nothing is told, nor of what was taken back before anybody
    could have got it.
    """
    kept = clock.now() - timedelta(days=settings.RETENTION_MAIL_DAYS)
    events = {one.event_id for one in registrations}
    arrived = Message.objects.filter(mailing=OuterRef("mailing"), state__in=MAY_HAVE_ARRIVED)
    sent = StaffMessage.objects.filter(
        Q(mailing__withdrawn_at=None) | Exists(arrived), event__in=events, mailing__created_at__gt=kept
    ).select_related("mailing")
    pairs = {
        writing.key(message, one): (message, one)
        for message in sent
        for one in registrations
        if one.event_id == message.event_id
    }
    for key in Message.objects.filter(key__in=pairs).values_list("key", flat=True):
        pairs.pop(key)
    for message, one in pairs.values():
        if why := _why_not_sent(one, message):
            yield NeverPlanned(one, str(kinds.label(writing.KIND)), message.mailing.leaves_at, why)


def looked_at(registrations: "QuerySet[Registration]") -> list[Registration]:
    """Return the latest registrations with their events, and when each got its seat from the waiting list.

    Whoever gave one up and has registered again since is looked at by the later one alone.
    """
    promoted = Max("changes__at", filter=Q(changes__what=ChangeKind.PROMOTED))
    found = registrations.filter(erased_at=None).select_related("event").annotate(promoted_at=promoted)
    latest = {}
    for one in sorted(found.order_by("-pk")[:MOST_REGISTRATIONS], key=lambda one: one.pk):
        latest[one.event_id, one.email_key] = one
    return list(latest.values())


def _why_not_planned(registration: Registration, rule: ReminderRule, due_at: datetime) -> str:
    if not rule.is_armed:
        return _("Nobody has armed it.")
    if registration.event.is_cancelled:
        return _("This event is cancelled.")
    why = _why_not_meant(registration, ReminderAudience(rule.audience), due_at)
    return why or _("Its time had passed before it could leave.")


def _why_not_sent(registration: Registration, message: StaffMessage) -> str:
    audience = ReminderAudience(message.audience)
    why = _why_not_meant(registration, audience, message.mailing.created_at)
    return why or (_is_for(audience) if audience.is_of_the_past else "")


def _why_not_meant(registration: Registration, audience: ReminderAudience, at: datetime) -> str:
    """Return why somebody was not among those whom a mail was for at a moment, as far as that can be told."""
    if registration.registered_at >= at:
        return _("The registration was made later.")
    if registration.cancelled_at is not None:
        return _("This registration is cancelled.")
    was_waiting = registration.is_waiting or (registration.promoted_at is not None and registration.promoted_at >= at)
    if was_waiting and audience is not ReminderAudience.WAITING:
        return _("The registration was on the waiting list at that time.")
    if not was_waiting and audience is ReminderAudience.WAITING:
        return _is_for(audience)
    return ""


def _is_for(audience: ReminderAudience) -> str:
    return _("It is for %(audience)s.") % {"audience": audience.label}
