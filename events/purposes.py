"""What event mails are about, told to the outbox."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Subquery, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.emailkeys import email_key
from events import never_planned, reminder_words
from events.enums import ReminderState
from events.models import EventVersion, Registration, Reminder
from events.services import announcing, notices
from mail import kinds, undo
from mail.models import Message
from mail.purposes import Planned, Purpose

MOST_REMINDERS = 100
NOT_SENT = (ReminderState.PLANNED, ReminderState.MISSED, ReminderState.DROPPED)


def of_messages(messages: Sequence[Message]) -> dict[int, Purpose]:
    """Return the registration and event behind each message that names a registration; one statement for all."""
    wanted = {one.pk: one.params["registration"] for one in messages if "registration" in one.params}
    if not wanted:
        return {}
    rows = Registration.objects.filter(pk__in=wanted.values()).values_list("pk", "name", "event__title")
    found = {pk: (name, title) for pk, name, title in rows}
    return {
        message_pk: Purpose(label=f"{found[pk][1]} ({found[pk][0]})", url=reverse("registrations:inspect", args=[pk]))
        for message_pk, pk in wanted.items()
        if pk in found
    }


def planned_for(addresses: Collection[str], person: Any) -> list[Planned]:
    """Return what is not in the outbox for some addresses and an account; nine statements at most.

    These are reminders to come, those left out with the reason, news of a change that can still be undone, seats that
    can still be taken back, and what was never planned for them: reminders and messages of staff whose time came before
    theirs, or that were for others.
    """
    registrations = Registration.objects.filter(email_key__in=[email_key(one) for one in addresses])
    if person is not None:
        registrations |= Registration.objects.filter(person=person)
    seated = _about_to_get_seats(registrations)
    return [
        *_reminders(registrations),
        *_news(registrations, seated),
        *_seats(seated),
        *_never_planned(registrations),
    ]


def _reminders(registrations: Any) -> Iterator[Planned]:
    """Yield reminders: the next to come first, then those left out, the latest first."""
    found = Reminder.objects.filter(registration__in=registrations, state__in=NOT_SENT)
    found = found.select_related("registration__event", "rule")
    to_come = Case(When(state=ReminderState.PLANNED, then=F("due_at")))
    for one in found.order_by(to_come.asc(nulls_last=True), "-due_at", "-pk")[:MOST_REMINDERS]:
        yield Planned(_("Reminder"), one.due_at, _about(one.registration), reminder_words.why_left_out(one))


def _about_to_get_seats(registrations: Any) -> list[Registration]:
    """Return who gets a seat that staff can still take back, were it given now; one statement."""
    held = Registration.objects.filter(event=OuterRef("event")).confirmed().order_by().values("event")
    taken = Coalesce(Subquery(held.annotate(number=Count("pk")).values("number")), 0)
    found = registrations.waiting().filter(event__fills_at__isnull=False).with_place().annotate(taken=taken)
    return [
        one
        for one in found.select_related("event")
        if one.event.gives_seats_at(one.event.fills_at)
        and (one.event.capacity is None or one.place <= one.event.capacity - one.taken)
    ]


def _seats(seated: Collection[Registration]) -> Iterator[Planned]:
    """Yield the mail that each of them gets about their seat."""
    for one in seated:
        if one.event.fills_at is not None:
            yield Planned(str(kinds.label(notices.PROMOTED)), one.event.fills_at, _about(one))


def _news(registrations: Any, seated: Collection[Registration]) -> Iterator[Planned]:
    """Yield what each person will be told once the undo window has passed, if it is other than what they know.

    Who gets a seat by then reads of both in the mail about it.
    """
    seated_at = {one.pk: one.event.fills_at for one in seated if one.event.fills_at is not None}
    untold = EventVersion.objects.untold().filter(event=OuterRef("event"))
    found = registrations.live().filter(Exists(untold), event__ends_at__gt=clock.now())
    for one in found.select_related("event").prefetch_related("event__versions").order_by("pk"):
        versions = {version.revision: version for version in one.event.versions.all()}
        latest = versions[max(versions)]
        told_at = undo.leaves_at(since=latest.made_at)
        is_in_one = one.pk in seated_at and seated_at[one.pk] <= told_at
        if not is_in_one and (kind := announcing.kind_of_news(versions.get(one.told_revision, latest), latest)):
            yield Planned(str(kinds.label(kind)), told_at, _about(one))


def _never_planned(registrations: Any) -> Iterator[Planned]:
    """Yield reminders and messages of staff of which nothing was ever planned for somebody, with the reason."""
    if not (found := never_planned.looked_at(registrations)):
        return
    for one in (*never_planned.reminders(found), *never_planned.messages(found)):
        yield Planned(one.what, one.at, _about(one.registration), one.why)


def _about(registration: Registration) -> Purpose:
    return Purpose(registration.event.title, reverse("registrations:inspect", args=[registration.pk]))
