"""Reading units and marking them complete, kept by the revision that was read."""

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from core import clock
from learning import rules
from learning.enums import Actor, ChangeKind, EnrolmentState
from learning.errors import CohortOver, UnitNotOpen
from learning.models import Enrolment, Unit, UnitProgress
from learning.services import history


@transaction.atomic
def read_unit(*, enrolment_id: int, unit_id: int, revision_id: int | None, language: str) -> UnitProgress:
    """Note that a learner has opened a unit, in which revision and language; raises UnitNotOpen.

    Once the unit is marked complete the revision stays: a learner is judged by what they were taught.
    """
    enrolment = _lock(enrolment_id)
    unit = _open_unit(enrolment, unit_id)
    return _read(enrolment, unit, revision_id, language)


@transaction.atomic
def complete_unit(
    *, enrolment_id: int, unit_id: int, revision_id: int | None = None, language: str = ""
) -> UnitProgress:
    """Mark a unit complete; with the last one the enrolment is completed, unless the learner had begun what the course
    left behind when it was handed over, and has not done all of it.

    Of a unit that was never read, `revision_id` and `language` say what is read now: a form may be sent without a look.
    Completing twice changes nothing. Raises UnitNotOpen, and CohortOver once the cohort is over.
    """
    # The lock lets two last units, completed at once in two windows, see each other.
    enrolment = _lock(enrolment_id)
    unit = _open_unit(enrolment, unit_id, to_change=True)
    progress = UnitProgress.objects.filter(enrolment=enrolment, unit=unit).first()
    if progress is None:
        progress = _read(enrolment, unit, revision_id, language or enrolment.language)
    if progress.completed_at is None:
        progress.completed_at = clock.now()
        progress.save(update_fields=["completed_at"])
        _complete_if_done(enrolment)
    return progress


@transaction.atomic
def reopen_unit(*, enrolment_id: int, unit_id: int) -> UnitProgress | None:
    """Take the mark off a unit; a completed enrolment goes on. Returns None for a unit never read.

    Raises UnitNotOpen, and CohortOver once the cohort is over: what people completed in it stays as it was.
    """
    enrolment = _lock(enrolment_id)
    unit = _open_unit(enrolment, unit_id, to_change=True)
    progress = UnitProgress.objects.filter(enrolment=enrolment, unit=unit).first()
    if progress is None or progress.completed_at is None:
        return progress
    progress.completed_at = None
    progress.save(update_fields=["completed_at"])
    if enrolment.state == EnrolmentState.COMPLETED:
        enrolment.state, enrolment.ended_at = EnrolmentState.ACTIVE, None
        enrolment.save(update_fields=["state", "ended_at"])
        history.note([enrolment], ChangeKind.REOPENED, actor=Actor.PERSON, by=enrolment.person)
    return progress


def complete_finished() -> list[int]:
    """Complete whoever has nothing left to do since a unit was taken out of the course; return their keys.

    A unit completes somebody only in the act of marking it; a sweep calls this for those who had marked all the others.
    Not in a course that left units behind when it was handed over: staff took none of them out, and who has done only
    those that are translated learned less than they came for. They go on once the translations are public.
    """
    left_behind = Unit.objects.left_behind().filter(module__course=OuterRef("cohort__course"))
    rows = Enrolment.objects.filter(state=EnrolmentState.ACTIVE, cohort__called_off_at=None).with_progress()
    rows = rows.exclude(Exists(left_behind))
    finished = rows.filter(units__gt=0, units_done__gte=F("units")).order_by("pk").values_list("pk", flat=True)
    return [key for key in finished if _complete_now(key)]


@transaction.atomic
def _complete_now(enrolment_id: int) -> bool:
    enrolment = _lock(enrolment_id)
    if enrolment.cohort.is_over() or enrolment.cohort.is_called_off:
        return False
    _complete_if_done(enrolment, actor=Actor.SYSTEM)
    return enrolment.state == EnrolmentState.COMPLETED


def _lock(enrolment_id: int) -> Enrolment:
    locked = Enrolment.objects.select_for_update(of=("self",), no_key=True)
    return locked.select_related("cohort", "person").get(pk=enrolment_id)


def _open_unit(enrolment: Enrolment, unit_id: int, *, to_change: bool = False) -> Unit:
    unit = Unit.objects.select_related("module").filter(pk=unit_id).first()
    if unit is None or not rules.may_read_unit(enrolment, unit):
        raise UnitNotOpen
    if to_change and enrolment.cohort.is_over():
        raise CohortOver
    return unit


def _read(enrolment: Enrolment, unit: Unit, revision_id: int | None, language: str) -> UnitProgress:
    now = clock.now()
    progress, is_new = UnitProgress.objects.get_or_create(
        enrolment=enrolment,
        unit=unit,
        defaults={"revision_id": revision_id, "language": language, "read_at": now, "last_read_at": now},
    )
    if is_new:
        return progress
    progress.last_read_at = max(now, progress.read_at)
    if progress.completed_at is None:
        progress.revision_id, progress.language = revision_id, language
    progress.save(update_fields=["last_read_at", "revision_id", "language"])
    return progress


def _complete_if_done(enrolment: Enrolment, *, actor: Actor = Actor.PERSON) -> None:
    if enrolment.state != EnrolmentState.ACTIVE:
        return
    taught = Unit.objects.current().filter(module__is_current=True, module__course=enrolment.cohort.course_id)
    done = UnitProgress.objects.filter(enrolment=enrolment).exclude(completed_at=None).values("unit")
    if taught.exclude(pk__in=done).exists() or _is_left_short(enrolment, actor):
        return
    enrolment.state, enrolment.ended_at = EnrolmentState.COMPLETED, clock.now()
    enrolment.save(update_fields=["state", "ended_at"])
    by = enrolment.person if actor == Actor.PERSON else None
    history.note([enrolment], ChangeKind.COMPLETED, actor=actor, by=by)


def _is_left_short(enrolment: Enrolment, actor: Actor) -> bool:
    """Whether handing the course over took from a learner what they had begun, so that the units taught are not all.

    Who has begun none of it takes the course as it is now, and completes it by marking its last unit: otherwise nobody
    ever would, should those translations never come. No sweep says for them that this is all they want.
    """
    left_behind = Unit.objects.left_behind().filter(module__course=enrolment.cohort.course_id)
    if actor == Actor.SYSTEM:
        return left_behind.exists()
    own = UnitProgress.objects.filter(enrolment=enrolment)
    missing = left_behind.exclude(pk__in=own.exclude(completed_at=None).values("unit"))
    return left_behind.filter(pk__in=own.values("unit")).exists() and missing.exists()
