"""Seats under the event's row lock: counted anew each time, never reckoned from an old figure."""

from dataclasses import dataclass, replace

from django.db.models import Count, Max, Q

from core import pagecache
from core.seats import SeatState, state_of
from events import rows
from events.enums import RegistrationState
from events.models import Event, Registration

# `SeatCount.has_seat_for_newcomer` in SQL, for the statement that decides as it counts; tests hold the two together.
HAS_SEAT_FOR_NEWCOMER = "(waiting = 0 AND (event.capacity IS NULL OR taken < event.capacity))"


@dataclass(frozen=True, slots=True)
class SeatCount:
    """An event's seats and who has them, counted while its row is locked."""

    capacity: int | None
    waiting_list: bool
    taken: int
    waiting: int
    last_number: int

    @property
    def free(self) -> int | None:
        """Seats that nobody has; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.taken)

    @property
    def has_seat_for_newcomer(self) -> bool:
        """Whether somebody who comes now gets a seat: one is free and nobody waits for it."""
        return self.waiting == 0 and self.free != 0

    def after(self, state: str) -> "SeatCount":
        """Return the count once one more registration of that state is in."""
        return replace(
            self,
            taken=self.taken + (state == RegistrationState.CONFIRMED),
            waiting=self.waiting + (state == RegistrationState.WAITING),
        )

    @property
    def state(self) -> SeatState:
        """What a visitor is told."""
        left = self.free if self.has_seat_for_newcomer else 0
        return state_of(seats=self.capacity, left=left, waiting_list=self.waiting_list)


def lock(event_id: int) -> Event:
    """Return the event with its row locked until the transaction ends; call it as late as possible.

    Everything that takes or frees a seat goes through this lock, so what is read after it is exact in READ COMMITTED.
    """
    event = rows.one(Event, "row.id = %s", [event_id], ending="FOR UPDATE")
    if event is None:
        raise Event.DoesNotExist
    return event


def count(event: Event) -> SeatCount:
    """Count the seats of a locked event."""
    counts = Registration.objects.filter(event_id=event.pk).aggregate(
        taken=Count("pk", filter=Q(state=RegistrationState.CONFIRMED)),
        waiting=Count("pk", filter=Q(state=RegistrationState.WAITING)),
        last_number=Max("waiting_number", default=0),
    )
    return SeatCount(capacity=event.capacity, waiting_list=event.waiting_list, **counts)


def keep_state(event: Event, state: SeatState) -> None:
    """Store what a visitor is told where it differs, and have pages that show it made anew."""
    if event.seat_state == state:
        return
    event.seat_state = state
    Event.objects.filter(pk=event.pk).update(seat_state=state)
    purge(event)


def purge(event: Event) -> None:
    """Have every kept page that shows this event made anew, once the transaction is committed."""
    pagecache.purge(f"page:{event.translation_key}", "list:events")
