"""Planning reminders: brings the rows of an event's registrations into line with its rules, set by set.

Every step is one statement over all registrations, or over some, so an event with ten thousand of them costs a few
statements and no memory. Call it with the event's row locked: then nobody registers in between, and nobody arms.
"""

import copy
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core import clock
from events import moments
from events.enums import ReminderState
from events.models import Event, EventVersion, Registration, Reminder, ReminderRule
from events.models.event import SCHEDULE
from mail import undo
from mail.services import withdraw

KIND = "event-reminder"
CHUNK = 1000

# Changes of an event that can still be undone: nobody has been told of them.
_UNTOLD = "FROM events_eventversion AS version WHERE version.event_id = event.id AND version.told_at IS NULL"
# Whose state an armed rule is for: said once, for planning, for asking and for the plan of a new registration. Who was
# there is known at the end only, so it is asked when the reminder is due; until then all with a seat fit. The queryset
# says the same in `of_audience`; a test holds them together.
IS_FOR = (
    "rule.armed_at IS NOT NULL AND registration.state ="
    " CASE WHEN rule.audience IN ('attended', 'absent') THEN 'confirmed' ELSE rule.audience END"
)
# Who gets a reminder, of all that are registered. A call-off that can still be undone takes nothing from anybody.
FITS = f"{IS_FOR} AND registration.erased_at IS NULL AND (event.status = 'scheduled' OR EXISTS (SELECT {_UNTOLD}))"

_PLAN = f"""
    INSERT INTO events_reminder AS reminder (registration_id, rule_id, state, due_at, expires_at)
    SELECT registration.id, rule.id, 'planned', rule.due_at, rule.expires_at
    FROM events_event AS event
    JOIN events_reminderrule AS rule ON rule.translation_key = event.translation_key
    JOIN events_registration AS registration ON registration.event_id = event.id
    WHERE event.id = %(event)s AND {FITS}
        AND rule.due_at > greatest(least(%(now)s, (SELECT min(version.made_at) {_UNTOLD})), registration.registered_at)
        AND (%(some)s::bigint[] IS NULL OR registration.id = ANY (%(some)s))
    ON CONFLICT (registration_id, rule_id) DO UPDATE SET
        state = 'planned', due_at = excluded.due_at, expires_at = excluded.expires_at,
        revision = reminder.revision + (reminder.state = 'asked')::int, asked_at = NULL
    WHERE reminder.state = 'dropped' OR reminder.due_at <> excluded.due_at
        OR (reminder.state = 'planned' AND reminder.expires_at <> excluded.expires_at)
"""  # noqa: S608  (no value is put in)

_DROP = f"""
    UPDATE events_reminder AS reminder SET
        state = CASE WHEN {FITS} THEN 'missed' ELSE 'dropped' END,
        due_at = CASE WHEN {FITS} THEN rule.due_at ELSE reminder.due_at END,
        expires_at = CASE WHEN {FITS} THEN rule.expires_at ELSE reminder.expires_at END
    FROM events_event AS event, events_registration AS registration, events_reminderrule AS rule
    WHERE event.id = %(event)s AND registration.event_id = event.id AND reminder.registration_id = registration.id
        AND reminder.rule_id = rule.id AND reminder.state = 'planned'
        AND NOT ({FITS} AND reminder.due_at = rule.due_at)
        AND (%(some)s::bigint[] IS NULL OR registration.id = ANY (%(some)s))
"""  # noqa: S608  (likewise)

_OUTDATED = f"""
    SELECT reminder.id, registration.uuid, reminder.rule_id, reminder.revision - (reminder.state <> 'asked')::int
    FROM events_event AS event
    JOIN events_registration AS registration ON registration.event_id = event.id
    JOIN events_reminder AS reminder ON reminder.registration_id = registration.id
    JOIN events_reminderrule AS rule ON rule.id = reminder.rule_id
    WHERE event.id = %(event)s AND reminder.id > %(after)s
        AND (reminder.state = 'asked' AND reminder.expires_at > %(now)s AND NOT ({FITS})
             OR reminder.state <> 'asked' AND reminder.revision > 0)
        AND (%(some)s::bigint[] IS NULL OR registration.id = ANY (%(some)s))
    ORDER BY reminder.id LIMIT %(chunk)s
"""  # noqa: S608  (likewise)


def key(registration_uuid: object, rule_id: int, revision: int) -> str:
    """Return the key under which the outbox knows one person's reminder."""
    return f"{KIND}:{registration_uuid}:{rule_id}:{revision}"


@transaction.atomic
def plan(*, event_id: int, registration_ids: Collection[int] | None = None, since: datetime | None = None) -> int:
    """Bring the reminders of an event, or of some of its registrations, into line; return how many changed.

    What is due later is planned or moved, with a higher revision where an earlier one has been asked for already.
    What lost its reason is dropped, and its message withdrawn unless it has begun to leave. What a new date gave a time
    that has passed is missed; it keeps that time, so that a later date plans it again. A time that has passed is never
    planned: who comes late gets the reminders that are still to come. What fell due while a change could still be
    undone had to wait and has not passed: planning begins at `since`, or at the first change that nobody has been told
    of, or now.
    """
    values: dict[str, Any] = {
        "event": event_id,
        "now": since or clock.now(),
        "some": None if registration_ids is None else list(registration_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, values)
        changed = cursor.rowcount
        cursor.execute(_DROP, values)
        changed += cursor.rowcount
    for keys in _outdated(values):
        withdraw(keys=keys)
    return changed


def _outdated(values: dict[str, Any]) -> Iterator[list[str]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_OUTDATED, {**values, "after": after, "chunk": CHUNK})
            rows = cursor.fetchall()
        if rows:
            after = rows[-1][0]
            yield [key(uuid, rule, revision) for _pk, uuid, rule, revision in rows]
        if len(rows) < CHUNK:
            return


@transaction.atomic
def reckon(*, event: Event) -> None:
    """Give each rule of a locked event its moments for the present date.

    While changes can still be undone this must not be called: a rule would forget what was planned before them.
    """
    for rule in _rules(event):
        _keep_moment(rule, event, moments.due(rule, event))


@transaction.atomic
def settle(*, event: Event) -> None:
    """Note that the changes of a locked event have been told, and only now plan by them.

    Planned in the transaction of each change, a change that is undone within the window would take for good what fell
    due meanwhile and what waited in the outbox. So planning begins where the first change was made.
    """
    known = _known(event)
    since = _since(known)
    event.versions.untold().update(told_at=clock.now())
    for rule in _rules(event):
        _keep_moment(rule, event, _settled_moment(rule, event, known, since))
    plan(event_id=event.pk, since=since)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An armed rule that settling gives another moment: `rule` has it already, unsaved.

    `leaves_at` is when its reminders leave, at the soonest once people have been told; None where its time has passed
    by then, and none leaves any more.
    """

    rule: ReminderRule
    was_due_at: datetime
    leaves_at: datetime | None


def foresee(*, event: Event) -> list[Foreseen]:
    """Return the armed rules that settling the changes of which nobody has been told will move, the next first."""
    return _foreseen(_armed(event), event, _known(event))


def foresee_publication(*, event: Event, then: Event, at: datetime) -> list[Foreseen]:
    """Return the armed rules that a publication at a moment will move; `then` is the event, unsaved, as it will be."""
    known, rules = _known(event), _armed(event)
    dates = {name: getattr(then, name) for name in SCHEDULE}
    coming = EventVersion(event=then, revision=then.revision, made_at=at, status=then.status, **dates)
    if known and known[-1].told_at is None and at >= (told_at := undo.leaves_at(since=known[-1].made_at)):
        # By then people have been told of what is published now, and reminders go by it.
        moved = {one.rule.pk: one.rule for one in _foreseen(rules, event, known)}
        rules = [moved.get(rule.pk, rule) for rule in rules]
        known[-1].told_at = told_at
        known = known[-1:]
    found = _foreseen(rules, then, [*known, coming])
    # What is due before the publication has left by then.
    return [one for one in found if one.leaves_at is not None or one.was_due_at > at]


def _foreseen(rules: Iterable[ReminderRule], event: Event, known: Sequence[EventVersion]) -> list[Foreseen]:
    if event.is_cancelled or not known or known[-1].told_at is not None:
        return []
    since, told_at = _since(known), undo.leaves_at(since=known[-1].made_at)
    found = []
    for rule in rules:
        due_at = _settled_moment(rule, event, known, since)
        if rule.due_at is None or due_at == rule.due_at:
            continue
        moved = copy.copy(rule)
        moved.due_at, moved.expires_at = due_at, moments.expires(due_at, event)
        leaves_at = max(due_at, told_at)
        leaves = due_at > since and leaves_at < moved.expires_at
        found.append(Foreseen(moved, rule.due_at, leaves_at if leaves else None))
    return sorted(found, key=lambda one: (one.leaves_at or one.was_due_at, one.rule.pk))


def _known(event: Event) -> list[EventVersion]:
    """Return what people may know of an event: the version told last, then the changes that nobody was told of."""
    told = event.versions.exclude(told_at=None).order_by("revision").last()
    changes = list(event.versions.untold().order_by("revision"))
    return [told, *changes] if told else changes


def _since(known: Sequence[EventVersion]) -> datetime:
    return min(one.made_at for one in known if one.told_at is None)


def _settled_moment(rule: ReminderRule, event: Event, known: Sequence[EventVersion], since: datetime) -> datetime:
    """Return the moment that a rule has from now on: the one by the event's present date, or else the one it had.

    It keeps the one it had where staff gave it, so that none of the dates people may know of explains it: they said
    "now", or armed the rule at the last minute. What lies before the first change has left and is not kept. There are
    two reasons to keep it: by the new date its own moment had passed when the first change was made, so nothing would
    leave any more; or the date is no other, so nothing has changed that staff's word could give way to.
    """
    own, kept = moments.due(rule, event), rule.due_at
    is_of_staff = rule.is_armed and kept not in {moments.due(rule, one) for one in known}
    if not is_of_staff or kept is None or kept <= since:
        return own
    is_moved = known[0].schedule != known[-1].schedule
    return kept if own <= since or not is_moved else own


def _rules(event: Event) -> Iterable[ReminderRule]:
    return ReminderRule.objects.select_for_update().filter(translation_key=event.translation_key).order_by("pk")


def _armed(event: Event) -> list[ReminderRule]:
    armed = ReminderRule.objects.filter(translation_key=event.translation_key, armed_at__isnull=False)
    return list(armed.order_by("pk"))


def _keep_moment(rule: ReminderRule, event: Event, due_at: datetime) -> None:
    expires_at = moments.expires(due_at, event)
    if (rule.due_at, rule.expires_at) != (due_at, expires_at):
        rule.due_at, rule.expires_at = due_at, expires_at
        rule.save(update_fields=["due_at", "expires_at"])


@transaction.atomic
def ask_again(*, registration: Registration) -> int:
    """Take back one person's reminders that wait in the outbox and plan them anew; return how many.

    For somebody who has chosen another language: a message keeps the one in which it was asked for. One that may have
    arrived already is left as it is, since a second one would be of another key.
    """
    waiting = registration.reminders.select_for_update().filter(state=ReminderState.ASKED, expires_at__gt=clock.now())
    number = 0
    for reminder in waiting.order_by("pk"):
        if withdraw(keys=[key(registration.uuid, reminder.rule_id, reminder.revision)], unless_repeated=True):
            reminder.state, reminder.asked_at = ReminderState.PLANNED, None
            reminder.revision += 1
            reminder.save(update_fields=["state", "asked_at", "revision"])
            number += 1
    return number


def is_current(*, registration_id: int, rule_id: int, revision: int) -> bool:
    """Whether a reminder that was asked for is still the one that shall leave."""
    return Reminder.objects.filter(
        registration_id=registration_id, rule_id=rule_id, revision=revision, asked_at__isnull=False
    ).exists()
