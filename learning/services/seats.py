"""Seats under the cohort's row lock: counted anew each time, never reckoned from an old figure."""

from dataclasses import dataclass, field
from enum import Enum, auto

from django.db.models import Count, Q

from core import pagecache
from core.seats import SeatState, state_of
from learning.models import Cohort, Enrolment
from learning.querysets_enrolments import WAITS


class Given(Enum):
    """What somebody gets who is enrolled."""

    SEAT = auto()
    PLACE = auto()
    NOTHING = auto()


@dataclass(slots=True)
class SeatCount:
    """A cohort's seats and who has them, counted under its row lock; what the caller gives out is added as it goes.

    Without the lock it is what a preview may say: somebody else may be quicker.
    """

    seats: int | None
    per_city: int | None
    waiting_list: bool
    last_number: int
    held: int = 0
    waiting: int = 0
    held_by_city: dict[int, int] = field(default_factory=dict)

    @property
    def free(self) -> int | None:
        """Seats that nobody holds; None where there is no limit."""
        return None if self.seats is None else max(0, self.seats - self.held)

    def has_seat_for(self, city: int | None) -> bool:
        """Whether the cohort has a seat left, and the city may have one more; people without a city have no quota."""
        if self.free == 0:
            return False
        return not self.has_spent_share(city)

    def hold(self, city: int | None) -> None:
        """Count one more seat."""
        self.held += 1
        if city is not None:
            self.held_by_city[city] = self.held_by_city.get(city, 0) + 1

    def let_go(self, enrolment: Enrolment) -> None:
        """Count without somebody who holds a seat or waits."""
        city = enrolment.local_government_id
        if enrolment.has_seat:
            self.held -= 1
            if city is not None:
                self.held_by_city[city] = self.held_by_city.get(city, 0) - 1
        elif enrolment.waits:
            self.waiting -= 1

    def move(self, source: int, target: int) -> None:
        """Count what one city holds as another's."""
        if held := self.held_by_city.pop(source, 0):
            self.held_by_city[target] = self.held_by_city.get(target, 0) + held

    def give(self, city: int | None) -> Given:
        """Give out what somebody of a city gets now: a seat, else a place on the waiting list, else nothing."""
        if self.has_seat_for(city):
            self.hold(city)
            return Given.SEAT
        if self.waiting_list:
            self.next_number()
            return Given.PLACE
        return Given.NOTHING

    def has_spent_share(self, city: int | None) -> bool:
        """Whether a city holds all the seats that it may have."""
        return self.per_city is not None and city is not None and self.held_by_city.get(city, 0) >= self.per_city

    def next_number(self) -> int:
        """Give out the next place on the waiting list."""
        self.waiting += 1
        self.last_number += 1
        return self.last_number

    @property
    def state(self) -> SeatState:
        """What a visitor is told who does not say for which city they ask."""
        return state_of(seats=self.seats, left=self.free, waiting_list=self.waiting_list)


def lock(cohort_id: int) -> Cohort:
    """Return the cohort with its row locked until the transaction ends; call it as late as possible.

    Everything that takes or frees a seat goes through this lock, so what is read after it is exact in READ COMMITTED.
    Who needs a local government's lock too takes that one first. Rows that only refer to it are not kept waiting.
    """
    return Cohort.objects.select_for_update(of=("self",), no_key=True).select_related("course").get(pk=cohort_id)


def lock_enrolment(enrolment_id: int) -> tuple[Cohort, Enrolment]:
    """Return an enrolment with its cohort, both locked: completing a unit asks for the enrolment's lock alone."""
    cohort = lock(Enrolment.objects.values_list("cohort_id", flat=True).get(pk=enrolment_id))
    rows = Enrolment.objects.select_for_update(of=("self",), no_key=True).select_related("team", "person")
    enrolment = rows.get(pk=enrolment_id)
    enrolment.cohort = cohort
    return cohort, enrolment


def count(cohort: Cohort) -> SeatCount:
    """Count the seats of a cohort, exactly where its row is locked; one statement."""
    found = SeatCount(
        seats=cohort.seats,
        per_city=cohort.seats_per_local_government,
        waiting_list=cohort.waiting_list,
        last_number=cohort.last_waiting_number,
    )
    counts = (
        Enrolment.objects.filter(Q(has_seat=True) | WAITS, cohort=cohort)
        .order_by()
        .values_list("local_government")
        .annotate(held=Count("pk", filter=Q(has_seat=True)), waiting=Count("pk", filter=Q(has_seat=False)))
    )
    for city, held, waiting in counts:
        found.held += held
        found.waiting += waiting
        if city is not None:
            found.held_by_city[city] = held
    return found


def keep(cohort: Cohort, counted: SeatCount) -> None:
    """Store what a visitor is told and the last number given out; pages that show what has changed are made anew."""
    changed = {
        name: value
        for name, value in (("seat_state", counted.state), ("last_waiting_number", counted.last_number))
        if getattr(cohort, name) != value
    }
    if not changed:
        return
    for name, value in changed.items():
        setattr(cohort, name, value)
    Cohort.objects.filter(pk=cohort.pk).update(**changed)
    if "seat_state" in changed:
        purge(cohort)


def purge(cohort: Cohort) -> None:
    """Have every kept page that shows this cohort made anew, once the transaction is committed."""
    pagecache.purge(f"page:{cohort.course.translation_key}", "list:cohorts")
