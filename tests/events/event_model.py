"""A model of one event in plain Python: what the services, the outbox and people's calendars must agree with."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Said = tuple[int, str, bool]  # days after the first date, time zone, whether called off


@dataclass
class Guest:
    """One registration as it ought to be."""

    key: str
    name: str
    state: str
    number: int | None
    told: Said
    told_revision: int
    # The news that has been asked for and has not left: its key, and what the person knew before it.
    unheard: tuple[str, Said] | None = None

    @property
    def is_live(self) -> bool:
        return self.state != "cancelled"


@dataclass
class Model:
    """The event as it ought to be; each verb mirrors the service of the same name."""

    capacity: int | None
    first_start: datetime
    window: timedelta
    said: Said = (0, "Europe/Brussels", False)
    revision: int = 0
    changed_at: datetime | None = None
    numbers: int = 0
    most: float = 0
    guests: list[Guest] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def start(self) -> datetime:
        return self.first_start + timedelta(days=self.said[0])

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=90)

    @property
    def is_called_off(self) -> bool:
        return self.said[2]

    def those(self, state: str) -> list[Guest]:
        found = [guest for guest in self.guests if guest.state == state]
        return sorted(found, key=lambda guest: guest.number or 0) if state == "waiting" else found

    @property
    def free(self) -> float:
        taken = len(self.those("confirmed"))
        return float("inf") if self.capacity is None else max(0, self.capacity - taken)

    def live(self, name: str) -> Guest | None:
        return next((guest for guest in self.guests if guest.name == name and guest.is_live), None)

    def is_open(self, now: datetime) -> bool:
        return not self.is_called_off and now < self.start

    def register(self, key: str, name: str) -> None:
        has_seat = self.free > 0 and not self.those("waiting")
        if not has_seat:
            self.numbers += 1
        state = "confirmed" if has_seat else "waiting"
        number = None if has_seat else self.numbers
        self.guests.append(Guest(key, name, state, number, self.said, self.revision))
        self.asked[f"event-{'confirmation' if has_seat else 'waiting'}:{key}"] += 1

    def known(self, guest: Guest, now: datetime) -> None:
        # At most one an hour, which is what its key says.
        self.asked[f"event-known:{guest.key}:{now:%Y%m%d%H}"] = 1

    def cancel(self, guest: Guest, now: datetime) -> None:
        guest.state = "cancelled"
        self.asked[f"event-cancelled:{guest.key}:1"] += 1
        self.fill(now)

    def fill(self, now: datetime) -> None:
        while self.is_open(now) and self.free > 0 and (line := self.those("waiting")):
            first = line[0]
            first.state, first.told, first.told_revision, first.unheard = "confirmed", self.said, self.revision, None
            self.asked[f"event-promoted:{first.key}:{first.number}"] += 1

    def change(self, said: Said, now: datetime) -> None:
        if said != self.said:
            self.said, self.revision, self.changed_at = said, self.revision + 1, now
        self.fill(now)

    def announce(self, now: datetime) -> None:
        if self.changed_at is None or now < self.changed_at + self.window:
            return
        self.changed_at = None
        if now >= self.end:
            return
        for guest in self.guests:
            if guest.is_live and self._kind(guest.told):
                self._tell(guest)

    def _tell(self, guest: Guest) -> None:
        knew = guest.unheard[1] if guest.unheard else guest.told
        kind = self._kind(knew)
        guest.told, guest.told_revision, guest.unheard = self.said, self.revision, None
        if kind:
            key = f"event-{kind}:{guest.key}:{self.revision}"
            self.asked[key] += 1
            guest.unheard = (key, knew)

    def _kind(self, knew: Said) -> str:
        if self.is_called_off:
            return "" if knew[2] else "called-off"
        if knew[2]:
            return "restored"
        return "moved" if knew[:2] != self.said[:2] else ""

    def left(self, key: str) -> None:
        for guest in self.guests:
            if guest.unheard and guest.unheard[0] == key:
                guest.unheard = None

    def makes_sense(self, kind: str, guest: Guest, now: datetime) -> bool:
        """Tell whether a mail may leave now."""
        if now >= self.end:
            return False
        is_off = guest.told[2]
        return {
            "event-confirmation": guest.state == "confirmed" and not is_off,
            "event-promoted": guest.state == "confirmed" and not is_off,
            "event-waiting": guest.state == "waiting" and not is_off,
            "event-known": guest.is_live and not is_off,
            "event-cancelled": guest.state == "cancelled",
            "event-moved": guest.is_live and not is_off,
            "event-restored": guest.is_live and not is_off,
            "event-called-off": guest.is_live and is_off,
        }[kind]
