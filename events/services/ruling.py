"""Reminder rules: proposing, writing, arming and disarming them."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from core import clock
from events import moments
from events.enums import ReminderAnchor, ReminderAudience
from events.errors import (
    EventError,
    NotKnownYet,
    ReminderArmed,
    ReminderChanged,
    ReminderOver,
    ReminderTwice,
    ReminderWithoutDate,
    WordsNotYours,
)
from events.models import Event, Reminder, ReminderRule
from events.rules import may_arm
from events.services import planning, seats
from mail import undo

if TYPE_CHECKING:
    from accounts.models import User

DAY = 24 * 60
TIME = ("anchor", "offset_minutes", "day_offset", "clock_time")
# What most webinars want: a day before, an hour before, and a word of thanks an hour after.
PROPOSED = (
    (ReminderAnchor.START, -DAY),
    (ReminderAnchor.START, -60),
    (ReminderAnchor.END, 60),
)


@transaction.atomic
def propose_rules(*, translation_key: uuid.UUID) -> int:
    """Write down the usual reminders of an occasion that has none yet, unarmed; return how many."""
    event = _lock(translation_key)
    if ReminderRule.objects.filter(translation_key=translation_key).exists():
        return 0
    for anchor, minutes in PROPOSED:
        _keep(ReminderRule(translation_key=translation_key, anchor=anchor, offset_minutes=minutes), event)
    return len(PROPOSED)


@transaction.atomic
def copy_rules(*, source: uuid.UUID, target: uuid.UUID) -> int:
    """Give an occasion the rules of another one, unarmed: a clone must write to nobody before staff say so."""
    event = _lock(target)
    copied = list(ReminderRule.objects.filter(translation_key=source).order_by("pk"))
    for rule in copied:
        rule.pk, rule.translation_key, rule.armed_at, rule.armed_by = None, target, None, None
        rule.due_at = rule.expires_at = None
        rule.created_at = clock.now()
        rule._state.adding = True
        _keep(rule, event)
    return len(copied)


@transaction.atomic
def save_rule(*, rule: ReminderRule, by: "User | None" = None, seen: str | None = None) -> ReminderRule:
    """Write a rule that staff made, or what they changed of one, and plan anew if it is armed; return it as it is now.

    `seen` is the `mark` of the rule as it was opened: another one is refused with ReminderChanged. Whether it is armed
    is not taken from `rule`: somebody may have armed or held it back since it was read. Raises
    ReminderArmed where it is, and `by` may not let these words leave; ReminderTwice where the occasion has a rule for
    that time and those people already; NotKnownYet for those who were, or were not, there at a time before the end.
    """
    event = _lock(rule.translation_key)
    _refuse_time_and_people(rule, event)
    if rule._state.adding:
        _keep(rule, event)
        return rule
    kept = ReminderRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if seen is not None and seen != kept.mark:
        raise ReminderChanged
    is_moved = any(getattr(kept, name) != getattr(rule, name) for name in TIME)
    is_for_others, says_else = kept.audience != rule.audience, kept.words != rule.words
    for name in (*TIME, "audience", "words"):
        setattr(kept, name, getattr(rule, name))
    if kept.is_armed and by is not None and not may_arm(by, kept):
        raise ReminderArmed
    # Other words leave a reminder that is being sent now at its moment, or at the end of the window that they open.
    if event is not None and is_moved:
        _reckon(kept, event)
    if event is not None and kept.is_armed and (is_moved or is_for_others or says_else):
        _wait_for_the_window(kept, event)
    kept.save()
    if kept.is_armed and event is not None:
        planning.plan(event_id=event.pk)
    return kept


@transaction.atomic
def arm(*, rule_id: int, by: "User | None" = None, seen: str | None = None) -> ReminderRule:
    """Let a rule's reminders leave when they are due, and plan them; arming twice changes nothing.

    `seen` is what `mark_as_read` gave when it was shown: another one is refused with ReminderChanged. Raises
    WordsNotYours where `by` may not let leave the words that it has by now, ReminderWithoutDate before the page is
    published, and ReminderOver where its time has passed.
    """
    event, rule = _locked(rule_id)
    if by is not None and not may_arm(by, rule):
        raise WordsNotYours
    if event is None:
        raise ReminderWithoutDate
    _refuse_unread(rule, event, seen)
    if rule.is_armed:
        return rule
    if refusal := refusal_of_arming(rule, event):
        raise refusal
    _reckon(rule, event)
    now = clock.now()
    _wait_for_the_window(rule, event)
    rule.armed_at, rule.armed_by = now, by
    rule.save()
    planning.plan(event_id=event.pk)
    return rule


def due_when_armed(rule: ReminderRule, event: Event) -> datetime | None:
    """Return when a rule's reminders leave, were it armed now; by the event's present date, told or not."""
    if rule.is_armed:
        return rule.due_at
    own, now = moments.due(rule, event), clock.now()
    return undo.leaves_at(own, since=now) if own > now else own


def due_when_saved(rule: ReminderRule, event: Event) -> datetime | None:
    """Return when a rule's reminders would leave, were what staff changed of it saved now; None where that is past."""
    kept = ReminderRule.objects.get(pk=rule.pk)
    is_moved = any(getattr(kept, name) != getattr(rule, name) for name in TIME)
    own = moments.due(rule, event) if is_moved else kept.due_at
    now = clock.now()
    return undo.leaves_at(own, since=now) if own is not None and own > now else None


def refusal_of_arming(rule: ReminderRule, event: Event) -> EventError | None:
    """Return why a rule cannot be armed now: its time, by the event's present date, has passed."""
    return ReminderOver() if not rule.is_armed and moments.due(rule, event) <= clock.now() else None


def refusal_of_sending(rule: ReminderRule, event: Event, due_at: datetime) -> EventError | None:
    """Return why a rule's reminders cannot leave at a moment that staff choose, if they cannot."""
    if event.is_cancelled or due_at >= event.ends_at + moments.AFTERWARDS:
        return ReminderOver()
    if ReminderAudience(rule.audience).is_of_the_past and due_at < event.ends_at:
        return NotKnownYet()
    return None


@transaction.atomic
def disarm(*, rule_id: int) -> ReminderRule:
    """Hold a rule back: what it planned is dropped, what has not begun to leave is withdrawn."""
    event, rule = _locked(rule_id)
    if not rule.is_armed:
        return rule
    rule.armed_at = rule.armed_by = None
    if event is not None:
        _reckon(rule, event)
    rule.save()
    if event is not None:
        planning.plan(event_id=event.pk)
    return rule


@transaction.atomic
def send_now(*, rule_id: int, by: "User | None" = None, seen: str | None = None) -> ReminderRule:
    """Let a rule's reminders leave once the undo window has passed, whatever time it names; disarming takes it back.

    A new date of the event gives the rule its own time again. `seen` is what `mark_as_read` gave when it was shown:
    another one is refused with ReminderChanged. Raises ReminderOver where the event is so far over that nothing of it
    makes sense.
    """
    event, rule = _locked(rule_id)
    if event is None:
        raise ReminderWithoutDate
    _refuse_unread(rule, event, seen)
    due_at = undo.leaves_at()
    expires_at = moments.expires(due_at, event)
    if refusal := refusal_of_sending(rule, event, due_at):
        raise refusal
    rule.armed_at, rule.armed_by, rule.due_at, rule.expires_at = clock.now(), by, due_at, expires_at
    rule.save()
    planning.plan(event_id=event.pk)
    return rule


@transaction.atomic
def delete_rule(*, rule_id: int) -> None:
    """Forget a rule; raises ReminderArmed where it is armed or has written to somebody, which must stay explicable."""
    _event, rule = _locked(rule_id)
    if rule.is_armed or rule.pk in which_have_written([rule]):
        raise ReminderArmed
    rule.reminders.all().delete()
    rule.delete()


def which_have_written(rules: Sequence[ReminderRule]) -> set[int]:
    """Return the keys of the rules that have written to somebody, and therefore stay."""
    # A reminder that was planned anew after it had left says so by its revision alone.
    written = Reminder.objects.filter(Q(asked_at__isnull=False) | Q(revision__gt=0), rule__in=rules)
    return set(written.order_by().values_list("rule", flat=True).distinct())


def _lock(translation_key: uuid.UUID) -> Event | None:
    found = Event.objects.filter(translation_key=translation_key).values_list("pk", flat=True).first()
    return None if found is None else seats.lock(found)


def _locked(rule_id: int) -> tuple[Event | None, ReminderRule]:
    key = ReminderRule.objects.values_list("translation_key", flat=True).get(pk=rule_id)
    event = _lock(key)
    return event, ReminderRule.objects.select_for_update(of=("self",)).get(pk=rule_id)


def mark_as_read(rule: ReminderRule, event: Event) -> str:
    """Return what tells whether a dry run shows what leaves: the rule's own mark, and the event's date and place."""
    return f"{rule.mark}-{event.revision}"


def _refuse_unread(rule: ReminderRule, event: Event, seen: str | None) -> None:
    """Let nothing leave that is not what somebody read of a locked rule; what nobody showed them is not looked at."""
    if seen is not None and seen != mark_as_read(rule, event):
        raise ReminderChanged(ReminderChanged.of_dry_run)


def _refuse_time_and_people(rule: ReminderRule, event: Event | None) -> None:
    if ReminderAudience(rule.audience).is_of_the_past and not _is_after_the_end(rule, event):
        raise NotKnownYet
    same = ReminderRule.objects.filter(
        translation_key=rule.translation_key, **{name: getattr(rule, name) for name in (*TIME, "audience")}
    )
    if same.exclude(pk=rule.pk).exists():
        raise ReminderTwice


def _is_after_the_end(rule: ReminderRule, event: Event | None) -> bool:
    is_later = (rule.offset_minutes or 0) >= 0 and (rule.day_offset or 0) >= 0
    if rule.anchor != ReminderAnchor.END or not is_later:
        return False
    return event is None or moments.due(rule, event) >= event.ends_at


def _keep(rule: ReminderRule, event: Event | None) -> None:
    if event is not None:
        _reckon(rule, event)
    rule.save()


def _reckon(rule: ReminderRule, event: Event) -> None:
    rule.due_at = moments.due(rule, event)
    rule.expires_at = moments.expires(rule.due_at, event)


def _wait_for_the_window(rule: ReminderRule, event: Event) -> None:
    """Put off what is due within the undo window to its end, so that a slip can always be taken back."""
    now = clock.now()
    if rule.due_at is not None and rule.due_at > now:
        rule.due_at = undo.leaves_at(rule.due_at, since=now)
        rule.expires_at = moments.expires(rule.due_at, event)
