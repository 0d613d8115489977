"""A model of one event in plain Python: what the services, the outbox and people's calendars must agree with."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.events.reminder_model import ReminderModel

# What says which seat, place or links somebody has.
STANDING = ("event-confirmation", "event-waiting", "event-promoted", "event-known", "event-links")
SAYS_WHAT_IS_HELD = (*STANDING, "event-moved", "event-restored")
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
    registered_at: datetime
    # The news that has been asked for and has not left: its key, and what the person knew before it.
    unheard: tuple[str, Said] | None = None
    # What they knew before each mail about a seat that they got.
    knew: dict[str, Said] = field(default_factory=dict)
    links: int = 0

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
    # What the event said last of which everybody has been told, and each change since with its moment.
    told: Said = (0, "Europe/Brussels", False)
    untold: list[tuple[datetime, Said]] = field(default_factory=list)
    numbers: int = 0
    most: float = 0
    fills_at: datetime | None = None
    guests: list[Guest] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    # Started by a worker that was killed, sent again after that, and given up after that.
    on_the_wire: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    # What the outbox refused, and what was taken back besides; which links a mail is about that is asked for anew.
    refused: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    version_of: dict[str, int] = field(default_factory=dict)

    def remind_by(self, rule: int, lead: timedelta) -> None:
        """Begin with one reminder, not armed."""
        self.reminder = ReminderModel(self, rule, lead, self.start - lead, self.start)

    def start_of(self, said: Said) -> datetime:
        return self.first_start + timedelta(days=said[0])

    @property
    def start(self) -> datetime:
        return self.start_of(self.said)

    def end_of(self, said: Said) -> datetime:
        return self.start_of(said) + timedelta(minutes=90)

    @property
    def end(self) -> datetime:
        return self.end_of(self.said)

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

    def register(self, key: str, name: str, now: datetime) -> None:
        has_seat = self.free > 0 and not self.those("waiting")
        if not has_seat:
            self.numbers += 1
        state = "confirmed" if has_seat else "waiting"
        number = None if has_seat else self.numbers
        self.guests.append(Guest(key, name, state, number, self.said, self.revision, now))
        self.reminder.plan(self.guests[-1:], now)
        self.asked[f"event-{'confirmation' if has_seat else 'waiting'}:{key}"] += 1

    def known(self, guest: Guest, now: datetime) -> None:
        # At most one an hour, which is what its key says.
        self.asked[f"event-known:{guest.key}:{now:%Y%m%d%H}"] = 1

    def renew_links(self, guest: Guest) -> None:
        guest.links += 1
        key = f"event-links:{guest.key}:{guest.links}"
        self.asked[key] += 1
        self.version_of[key] = guest.links

    def cancel(self, guest: Guest, now: datetime) -> None:
        guest.state = "cancelled"
        self.reminder.plan([guest], now)
        self.asked[f"event-cancelled:{guest.key}:{guest.links + 1}"] += 1
        self.fill(now)

    def hold(self, now: datetime) -> None:
        """Have what staff did give seats once the window has passed, if it gives any."""
        before, moment = self.fills_at, now + self.window
        self.fills_at = None
        if self.is_open(now) and self.free > 0 and self.those("waiting"):
            self.fills_at = moment if before is None or self.is_open(moment) else before
        elif before is not None and now < before and self.is_open(now):
            self.fills_at = before
        self.fill(now)

    def is_held(self, now: datetime) -> bool:
        return self.fills_at is not None and now < self.fills_at

    def fill(self, now: datetime) -> None:
        """Give free seats; what was held is given as of its own moment, however late that is."""
        if self.is_held(now):
            return
        moment, self.fills_at = self.fills_at or now, None
        while self.is_open(moment) and now < self.end and self.free > 0 and (line := self.those("waiting")):
            first = line[0]
            if first.told_revision != self.revision:
                first.unheard = None
            key = f"event-promoted:{first.key}:{first.number}"
            first.knew[key] = first.told
            first.state, first.told, first.told_revision = "confirmed", self.said, self.revision
            self.asked[key] += 1
            self.reminder.plan([first], now)

    def change(self, said: Said, now: datetime) -> None:
        if said != self.said:
            self.said, self.revision = said, self.revision + 1
            self.untold.append((now, said))
        self.hold(now)

    def announce(self, now: datetime) -> None:
        if self.fills_at:
            self.fill(now)
        if not self.untold or now < self.untold[-1][0] + self.window:
            return
        if now < self.end:
            for guest in self.guests:
                if guest.is_live and self._kind(guest.told):
                    self._tell(guest, now)
        self.reminder.settle(now)

    def _unsaid(self, guest: Guest, now: datetime) -> dict[str, str]:
        """Return by kind what was refused and is so, where nothing that was asked for later says what they hold."""
        unsaid: dict[str, str] = {}
        for key in [key for key in self.asked if guest.key in key]:
            kind = key.partition(":")[0]
            if key in self.refused and kind in STANDING:
                unsaid[kind] = key
            elif key not in self.refused | self.taken_back and kind in SAYS_WHAT_IS_HELD:
                unsaid = {}
        return {kind: key for kind, key in unsaid.items() if self.makes_sense(kind, key, guest, now)}

    def _tell(self, guest: Guest, now: datetime) -> None:
        knew = guest.unheard[1] if guest.unheard else guest.told
        if guest.unheard:
            self.taken_back.add(guest.unheard[0])
        kind = self._kind(knew)
        guest.told, guest.told_revision, guest.unheard = self.said, self.revision, None
        unsaid = {} if self.is_called_off else self._unsaid(guest, now)
        if seat := unsaid.get("event-promoted"):
            unsaid = {"event-promoted": seat}
        elif kind:
            key = f"event-{kind}:{guest.key}:{self.revision}"
            self.asked[key] += 1
            guest.unheard = (key, knew)
            return
        for name, refused in unsaid.items():
            key = f"{name}:{guest.key}:{self.revision}:anew"
            self.asked[key] += 1
            self.version_of[key] = self.version_of.get(refused, 0)
            if name == "event-promoted":
                guest.knew[key] = knew if knew[2] else guest.knew[refused]
                guest.unheard = (key, guest.knew[key])

    def _kind(self, knew: Said) -> str:
        if self.is_called_off:
            return "" if knew[2] else "called-off"
        if knew[2]:
            return "restored"
        return "moved" if knew[:2] != self.said[:2] else ""

    def left(self, key: str) -> None:
        """Note that a mail has left: each is written by what its reader has been told, so it says the news as well."""
        for guest in self.guests:
            if guest.key in key:
                guest.unheard = None

    def ended(self, key: str, reason: str) -> None:
        """Note that a mail has ended without leaving, or without leaving once more."""
        (self.refused if reason == "senseless" else self.taken_back).add(key)

    def die(self, keys: set[str]) -> None:
        """Leave these mails started: whether they have arrived only the server knows, so they count as heard."""
        self.on_the_wire |= keys
        for key in keys:
            self.left(key)

    def recover(self) -> None:
        """Settle what dead workers had started: mail to many is never repeated, other mail once."""
        lost = {key for key in self.on_the_wire if key.startswith("event-reminder:") or key in self.repeated}
        self.unknown |= lost
        self.repeated |= self.on_the_wire - lost
        self.on_the_wire = set()

    def makes_sense(self, kind: str, key: str, guest: Guest, now: datetime) -> bool:
        """Tell whether a mail may leave now."""
        if kind == "event-reminder":
            return self.reminder.makes_sense(key, guest, now)
        # Who has left knows it until the later of both dates: of the one that is published they may have read on a page.
        if now >= self.end_of(guest.told) and (guest.is_live or now >= self.end):
            return False
        is_off = guest.told[2]
        return {
            "event-confirmation": guest.state == "confirmed" and not is_off,
            "event-promoted": guest.state == "confirmed" and not is_off,
            "event-waiting": guest.state == "waiting" and not is_off,
            "event-links": guest.is_live and not is_off and self.version_of.get(key) == guest.links,
            "event-known": guest.is_live and not is_off,
            "event-cancelled": guest.state == "cancelled",
            "event-moved": guest.is_live and not is_off,
            "event-restored": guest.is_live and not is_off,
            "event-called-off": guest.is_live and is_off,
        }[kind]
