"""Opening cohorts, changing them, and calling them off."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from core import clock
from learning.errors import CohortChanged, CohortOver
from learning.models import Cohort
from learning.services import knowing, notices, seats
from learning.services.foreseeing import moving_up
from learning.services.promoting import give_due, hold
from learning.services.sending import lock_cities_held_back, send_held_back
from mail.enums import Reason

if TYPE_CHECKING:
    from accounts.models import User

# What staff write; the rest follows from what people do.
FACTS = (
    "course_id",
    "slug",
    "name",
    "starts_on",
    "ends_on",
    "timezone",
    "languages",
    "seats",
    "seats_per_local_government",
    "waiting_list",
    "admission",
    "opens_at",
    "closes_at",
)


def as_read(cohort: Cohort) -> dict[str, Any]:
    """Return what staff have written about a cohort, as a page can carry it; one statement for its moderators."""
    facts = {name.removesuffix("_id"): getattr(cohort, name) for name in FACTS}
    moments = {name: at.astimezone(UTC) for name, at in facts.items() if isinstance(at, datetime)}
    addresses = sorted(cohort.moderators.values_list("email", flat=True))
    return json.loads(json.dumps({**facts, **moments, "addresses": addresses}, default=str))


@transaction.atomic
def save_cohort(
    *, cohort: Cohort, moderators: "Iterable[User] | None" = None, seen: Mapping[str, Any] | None = None
) -> Cohort:
    """Store what staff wrote about a new or known cohort; more seats go to those who wait when the undo window has
    passed, unless they are taken back.

    Fewer seats than are held take nobody's seat. What the outbox refused while a last day stood that had passed leaves
    after the window too. `moderators` replaces them all; None leaves them alone. `seen` is
    what whoever writes has read of a known one (`as_read`): raises CohortChanged where it says something else by now.
    """
    over_since = None
    if cohort._state.adding:
        cohort.save(force_insert=True)
        kept = cohort
    else:
        # Seats are given out while staff fill in the form: what they cannot write is taken as it is now.
        kept = seats.lock(cohort.pk)
        before, over_since = kept.course, kept.ends_at if kept.is_over() else None
        _need_unchanged(kept, seen, with_moderators=moderators is not None)
        give_due(kept)
        for name in FACTS:
            setattr(kept, name, getattr(cohort, name))
        kept.save(update_fields=FACTS)
        if kept.course_id != before.pk:
            kept.course = cohort.course
    if moderators is not None:
        kept.moderators.set(moderators)
    seats.keep(kept, hold(kept))
    if over_since is not None and not kept.is_called_off:
        # Nobody takes mail back because a cohort is over: what was withdrawn since that day had a reason of its own.
        _say_again(kept, since=over_since, reasons=[Reason.SENSELESS])
    seats.purge(kept)
    return kept


@transaction.atomic
def call_off_cohort(*, cohort_id: int) -> Cohort:
    """Say that a cohort does not take place: nobody comes in any more and no unit is open in it.

    Enrolments stay as they are; everybody who knows of theirs is told when the undo window has passed, unless
    `restore_cohort` was faster, or they know already: `knowing.to_be_told` names them. Calling off twice
    changes nothing; raises CohortOver.
    """
    cohort = seats.lock(cohort_id)
    if cohort.is_called_off:
        return cohort
    if cohort.is_over():
        raise CohortOver
    now = clock.now()
    people = list(knowing.to_be_told(cohort).select_related("person"))
    cohort.called_off_at = now
    _keep_called_off(cohort)
    notices.take_back_again(cohort)
    notices.say_called_off(cohort, people, since=now)
    return cohort


@transaction.atomic
def restore_cohort(*, cohort_id: int) -> Cohort:
    """Let a cohort that was called off take place after all; seats that became free meanwhile are given out.

    Nobody is written to of this nor, before the undo window has passed, of the calling off. But when the window of this
    act has passed, who gets a seat is told so, what could not leave meanwhile leaves, and drafts are sent whose
    coordinator was approved meanwhile, unless it is called off again: `foreseeing.foresee_restoring` names them.
    """
    cities = lock_cities_held_back(cohort_id)
    cohort = seats.lock(cohort_id)
    since = cohort.called_off_at
    if since is None:
        return cohort
    cohort.called_off_at, cohort.restored_at = None, clock.now()
    _keep_called_off(cohort)
    notices.take_back_calling_off(cohort, since=since)
    seats.keep(cohort, hold(cohort))
    if not cohort.holds_seats_back:
        send_held_back(cohort, cities)
    _say_again(cohort, since=since, reasons=notices.REFUSED)
    return cohort


def _say_again(cohort: Cohort, *, since: datetime, reasons: Collection[Reason]) -> None:
    expected = moving_up(cohort) if cohort.holds_seats_back else []
    notices.say_again(cohort, since=since, moving_up={one.pk for one in expected}, reasons=reasons)


def _need_unchanged(cohort: Cohort, seen: Mapping[str, Any] | None, *, with_moderators: bool) -> None:
    if seen is None:
        return
    now = as_read(cohort)
    if not with_moderators:
        del now["addresses"]
    changed = [name for name, value in now.items() if name not in seen or seen[name] != value]
    if changed:
        raise CohortChanged(changed)


def _keep_called_off(cohort: Cohort) -> None:
    # What staff had let free seats wait for is void either way: called off, none are given.
    cohort.fills_at = None
    cohort.save(update_fields=["called_off_at", "restored_at", "fills_at"])
    seats.purge(cohort)
