"""Going on where one left off: who joins a cohort anew finds there what they had done and said."""

from collections.abc import Iterable

from django.db.models import F

from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment, UnitProgress

SAID = ("name", "department", "language", "confirmed_at")


def take_up(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Move what those who have just joined did in the same cohort before, for the same city or likewise without one.

    It moves rather than being copied: a unit that was read once is counted once. The caller holds the cohort and has
    stored the enrolments; nothing more is written to those that have ended, whose people take part no more.
    """
    joined = {one.person_id: one for one in enrolments if one.person_id is not None and one.has_joined}
    if not joined:
        return
    ended = Enrolment.objects.filter(
        cohort=cohort, person__in=joined, joined_at__isnull=False, state=EnrolmentState.WITHDRAWN
    )
    former: dict[int, list[Enrolment]] = {}
    for one in ended.order_by("-ended_at", "-pk"):
        if one.person_id and one.local_government_id == joined[one.person_id].local_government_id:
            former.setdefault(one.person_id, []).append(one)
    for person, rows in former.items():
        _move_progress(rows, joined[person])
        _take_over_what_was_said(rows, joined[person])


def _move_progress(former: list[Enrolment], to: Enrolment) -> None:
    """Give each unit's progress to the new enrolment, the completed one of several; what that has itself stays."""
    own = UnitProgress.objects.filter(enrolment=to).order_by()
    found = UnitProgress.objects.filter(enrolment__in=former).exclude(unit__in=own.values("unit"))
    best = found.order_by("unit_id", F("completed_at").asc(nulls_last=True), "-enrolment_id").distinct("unit_id")
    UnitProgress.objects.filter(pk__in=list(best.values_list("pk", flat=True))).update(enrolment=to)


def _take_over_what_was_said(former: list[Enrolment], to: Enrolment) -> None:
    """Keep the details that the person confirmed last: they were promised not to be asked again."""
    known = next((one for one in former if one.confirmed_at is not None), None)
    if known is None or to.confirmed_at is not None:
        return
    for name in SAID:
        setattr(to, name, getattr(known, name))
    to.save(update_fields=SAID)
