"""A model of one reminder of an event in plain Python: for whom it is planned, asked for, dropped or missed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.events.event_model import Guest, Model

# Between a service's look at the clock and the model's own.
MOMENT = timedelta(seconds=10)


@dataclass
class Reminder:
    """One person's reminder as it ought to be."""

    state: str
    due: datetime
    expires: datetime
    revision: int = 0


@dataclass
class ReminderModel:
    """One rule, so long before the start, for those with a seat."""

    event: "Model"
    rule: int
    lead: timedelta
    due: datetime
    # The start as it was reckoned with last: a change counts once people have been told of it.
    expires: datetime
    is_armed: bool = False
    rows: dict[str, Reminder] = field(default_factory=dict)

    def arm(self, now: datetime, due: datetime) -> None:
        """Take over the moment that the service gave, which is the rule's own or the end of the undo window."""
        own = self.event.start - self.lead
        assert own > now - MOMENT
        assert abs(due - max(own, now + self.event.window)) < MOMENT
        self.is_armed, self.due, self.expires = True, due, self.event.start
        self.plan(self.event.guests, now)

    def disarm(self, now: datetime) -> None:
        if self.is_armed:
            self.is_armed, self.due, self.expires = False, self.event.start - self.lead, self.event.start
            self.plan(self.event.guests, now)

    def fits(self, guest: "Guest") -> bool:
        takes_place = not self.event.is_called_off or bool(self.event.untold)
        return self.is_armed and guest.state == "confirmed" and takes_place

    def plan(self, guests: Iterable["Guest"], since: datetime) -> int:
        """Plan what is still to come, drop what has no reason any more; return how many changed."""
        changed = 0
        first = min([since, *[at for at, _said in self.event.untold[:1]]])
        for guest in guests:
            row = self.rows.get(guest.key)
            is_meant = self.fits(guest)
            if is_meant and self.due > max(first, guest.registered_at):
                changed += self._renew(guest.key, row)
            elif row and row.state == "planned" and not (is_meant and row.due == self.due):
                row.state = "missed" if is_meant else "dropped"
                if is_meant:
                    row.due, row.expires = self.due, self.expires
                changed += 1
        return changed

    def _renew(self, key: str, row: Reminder | None) -> bool:
        if row is None:
            self.rows[key] = Reminder("planned", self.due, self.expires)
            return True
        is_other = row.state == "dropped" or row.due != self.due
        if is_other or (row.state == "planned" and row.expires != self.expires):
            row.revision += row.state == "asked"
            row.state, row.due, row.expires = "planned", self.due, self.expires
            return True
        return False

    def settle(self, now: datetime) -> None:
        """Plan by the changes that people have just been told of, from the first of them on."""
        event = self.event
        since = event.untold[0][0]
        known = [event.told, *[said for _at, said in event.untold]]
        own = event.start - self.lead
        moments = {event.start_of(said) - self.lead for said in known}
        is_moved = known[0][:2] != known[-1][:2]
        # What staff let leave at the last minute keeps its moment, unless a new date gives it another to come.
        is_kept = self.is_armed and self.due not in moments and self.due > since and (own <= since or not is_moved)
        self.due, self.expires = self.due if is_kept else own, event.start
        event.told, event.untold = event.said, []
        self.plan(event.guests, min(since, now))

    def remind(self, now: datetime) -> int:
        """Ask for what is due, and leave out what came too late or lost its reason; return how many were asked for."""
        number = 0
        due = [] if self.event.untold else [one for one in self.event.guests if self._is_due(one, now)]
        for guest in due:
            row = self.rows[guest.key]
            if row.expires > now and self.fits(guest) and row.due == self.due:
                row.state = "asked"
                self.event.asked[f"event-reminder:{guest.key}:{self.rule}:{row.revision}"] += 1
                number += 1
            else:
                row.state = "missed" if row.expires <= now else "dropped"
        return number

    def _is_due(self, guest: "Guest", now: datetime) -> bool:
        row = self.rows.get(guest.key)
        return row is not None and row.state == "planned" and row.due <= now

    def makes_sense(self, key: str, guest: "Guest", now: datetime) -> bool:
        """Tell whether a reminder may leave now: the one that was planned last, before the start that they know."""
        row = self.rows[guest.key]
        is_latest = row.state == "asked" and key.endswith(f":{row.revision}")
        has_seat = self.is_armed and guest.state == "confirmed" and not guest.told[2]
        return is_latest and has_seat and now < self.event.start_of(guest.told)
