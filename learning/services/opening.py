"""Opening cohorts, changing them, and calling them off."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from learning.errors import CohortOver
from learning.models import Cohort, Enrolment
from learning.services import notices, seats
from learning.services.promoting import fill

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
# Days and times are checked against each other: whoever changes one has seen the others.
CALENDAR = ("starts_on", "ends_on", "timezone", "opens_at", "closes_at")


@transaction.atomic
def save_cohort(
    *, cohort: Cohort, moderators: "Iterable[User] | None" = None, changed: Collection[str] | None = None
) -> Cohort:
    """Store what staff wrote about a new or known cohort; more seats go to those who wait, at once.

    Fewer seats than are held take nobody's seat. `moderators` replaces them all; None leaves them alone. `changed`
    names the facts that staff wrote anew, so that what somebody else wrote meanwhile stays; None means all of them.
    """
    if cohort._state.adding:
        cohort.save(force_insert=True)
        kept = cohort
    else:
        # Seats are given out while staff fill in the form: what they did not write is taken as it is now.
        kept = seats.lock(cohort.pk)
        before = kept.course
        names = FACTS if changed is None else _with_calendar(changed)
        for name in names:
            setattr(kept, name, getattr(cohort, name))
        kept.save(update_fields=names)
        if kept.course_id != before.pk:
            kept.course = cohort.course
    if moderators is not None:
        kept.moderators.set(moderators)
    seats.keep(kept, fill(kept))
    seats.purge(kept)
    return kept


@transaction.atomic
def call_off_cohort(*, cohort_id: int) -> Cohort:
    """Say that a cohort does not take place: nobody comes in any more and no unit is open in it.

    Enrolments stay as they are; everybody who knows of theirs is told when the undo window has passed, unless
    `restore_cohort` was faster. Calling off twice changes nothing; raises CohortOver.
    """
    cohort = seats.lock(cohort_id)
    if cohort.is_called_off:
        return cohort
    if cohort.is_over():
        raise CohortOver
    now = clock.now()
    _set_called_off(cohort, now)
    everybody = Enrolment.objects.filter(cohort=cohort).told().once_each()
    notices.say_called_off(cohort, everybody.select_related("person"), since=now)
    return cohort


@transaction.atomic
def restore_cohort(*, cohort_id: int) -> Cohort:
    """Let a cohort that was called off take place after all; seats that became free meanwhile are given out.

    Nobody is written to, neither of this nor, before the undo window has passed, of the calling off. Invitations that
    could not leave meanwhile are asked for once more.
    """
    cohort = seats.lock(cohort_id)
    since = cohort.called_off_at
    if since is None:
        return cohort
    _set_called_off(cohort, None)
    notices.say_again(cohort, since=since)
    seats.keep(cohort, fill(cohort))
    return cohort


def _with_calendar(changed: Collection[str]) -> tuple[str, ...]:
    together = CALENDAR if any(name in CALENDAR for name in changed) else ()
    return tuple(name for name in FACTS if name in changed or name in together)


def _set_called_off(cohort: Cohort, at: datetime | None) -> None:
    cohort.called_off_at = at
    cohort.save(update_fields=["called_off_at"])
    seats.purge(cohort)
