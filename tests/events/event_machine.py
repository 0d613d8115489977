"""One event, its outbox and people's calendars as a state machine, whose verbs Hypothesis puts in any order.

Mail goes through the real outbox to a real SMTP server; each run is undone by a savepoint.
"""

import contextlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, ClassVar, cast

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import transaction
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from icalendar import Calendar

from accounts.models import User
from core import clock
from events.errors import EventOver, LinksStay, RegistrationRefused, ReminderOver
from events.models import Reminder, ReminderRule, WebinarPage
from events.services import (
    announce_changes,
    arm,
    cancel,
    cancel_event,
    disarm,
    give_held_seats,
    project_event,
    promote_from_waiting_list,
    register,
    remind,
    renew_links,
    restore_event,
    seats,
)
from events.services.sweeping import sweep as sweep_events
from mail.models import Message
from mail.services import delivery, ledger
from mail.services.sweeping import sweep as sweep_mail
from tests.events.event_model import STANDING, Guest, Model
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all
from tests.services.mailserver import MailServer

NAMES = st.sampled_from(["Ana", "Bo", "Cy", "Di", "Ed", "Flo"])
ZONES = st.sampled_from(["Europe/Brussels", "Asia/Kathmandu"])
START = datetime(2026, 11, 1, 9, tzinfo=UTC)
WINDOW = timedelta(seconds=120)
DAY = timedelta(days=1)


class Killed(BaseException):
    """The worker is dead: nothing catches it."""


class EventMachine(RuleBasedStateMachine):
    """What people, staff, workers and the clock can do to one event."""

    server: ClassVar[MailServer]

    def __init__(self) -> None:
        super().__init__()
        self.is_undone = False
        self.block = transaction.atomic()
        # The ledger refuses transactions but a test's own.
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.traveller = time_machine.travel(START, tick=True)
        self.clocks = self.traveller.start()
        # What somebody's server puts off is to arrive some day, however far the clock has gone.
        self.patience = override_settings(MAIL_GIVE_UP_SECONDS=365 * 24 * 3600)
        self.patience.enable()
        self.server.accepted.clear()
        self.server.answers.clear()
        self.staff = cast(User, PersonFactory())
        first_start = datetime(2026, 12, 12, 14, tzinfo=UTC)
        self.event = make.event(capacity=2, starts_at=first_start)
        self.page = WebinarPage.objects.get(translation_key=self.event.translation_key)
        self.model = Model(capacity=2, first_start=first_start, window=WINDOW)
        self.rule = ReminderRule.objects.get(translation_key=self.event.translation_key, offset_minutes=-24 * 60)
        self.model.remind_by(self.rule.pk, DAY)
        self.seen = 0
        self.heard: set[str] = set()
        self.calendars: dict[str, list[tuple[int, str, Any]]] = {}
        # Two with a seat and two in line: what is worth finding is near from there.
        for name in ("Ana", "Bo", "Cy", "Di"):
            self.registers(name)
        self.arms()

    def teardown(self) -> None:
        """Let the dust settle, look at it, and undo it all."""
        try:
            self.settle()
        finally:
            self.undo()

    def undo(self) -> None:
        """Leave nothing behind, neither rows nor the time of day; once is enough."""
        if self.is_undone:
            return
        self.is_undone = True
        self.patience.disable()
        self.traveller.stop()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # What people do

    @rule(name=NAMES)
    def registers(self, name: str) -> None:
        now, guest = clock.now(), self.model.live(name)
        try:
            outcome = register(event_id=self.event.pk, applicant=make.applicant(name))
        except RegistrationRefused:
            assert not self.model.is_open(now)
            return
        assert (self.model.is_open(now), outcome.is_new) == (True, guest is None)
        if guest is None:
            self.model.register(str(outcome.registration.uuid), name, now)
        else:
            self.model.known(guest, now)

    @rule(name=NAMES)
    def cancels(self, name: str) -> None:
        if guest := self.model.live(name):
            pk = self.event.registrations.get(uuid=guest.key).pk
            try:
                cancel(registration_id=pk)
            except EventOver:
                assert clock.now() >= self.model.end
                return
            self.model.cancel(guest, clock.now())

    @rule(name=NAMES)
    def renews_links(self, name: str) -> None:
        if guest := self.model.live(name):
            registration = self.event.registrations.get(uuid=guest.key)
            try:
                renew_links(registration_id=registration.pk, version=registration.token_version)
            except LinksStay:
                assert self.model.is_called_off or clock.now() >= self.model.end
                return
            self.model.renew_links(guest)

    # What staff do

    @rule(capacity=st.sampled_from([0, 1, 2, 4, None]))
    def changes_capacity(self, capacity: int | None) -> None:
        self.page.capacity = self.model.capacity = capacity
        project_event(page=self.page)
        self.model.hold(clock.now())

    @rule(days=st.integers(0, 2), zone=ZONES)
    def moves(self, days: int, zone: str) -> None:
        self.page.starts_at = self.model.first_start + timedelta(days=days)
        self.page.ends_at = self.page.starts_at + timedelta(minutes=90)
        self.page.timezone = zone
        project_event(page=self.page)
        self.model.change((days, zone, self.model.is_called_off), clock.now())

    @rule(is_off=st.booleans())
    def calls_off_or_restores(self, is_off: bool) -> None:
        verb = cancel_event if is_off else restore_event
        try:
            verb(event_id=self.event.pk, by=self.staff, reason="x")
        except EventOver:
            assert clock.now() >= self.model.end
            return
        if is_off != self.model.is_called_off:
            self.model.change((*self.model.said[:2], is_off), clock.now())

    @rule()
    def arms(self) -> None:
        was_armed = self.model.reminder.is_armed
        try:
            armed = arm(rule_id=self.rule.pk)
        except ReminderOver:
            assert self.model.start - DAY <= clock.now()
            return
        if not was_armed:
            assert armed.due_at
            self.model.reminder.arm(clock.now(), armed.due_at)

    @rule()
    def disarms(self) -> None:
        disarm(rule_id=self.rule.pk)
        self.model.reminder.disarm(clock.now())

    # What workers do

    @rule()
    def announces(self) -> None:
        give_held_seats()
        announce_changes()
        self.model.announce(clock.now())

    @rule()
    def promotes(self) -> None:
        promote_from_waiting_list(event_id=self.event.pk)
        self.model.fill(clock.now())
        now, reminder = clock.now(), self.model.reminder
        is_to_come = reminder.is_armed and reminder.due > now
        planned = reminder.plan(self.model.guests, now) if is_to_come else 0
        swept = sweep_events()
        assert (swept.projected, swept.planned) == (0, planned)

    @rule()
    def reminds(self) -> None:
        number = self.model.reminder.remind(clock.now())
        assert remind() == number

    @rule()
    def sends(self) -> None:
        deliver_all()
        deliver_all("bulk")
        self._look_at_what_arrived()

    @rule(name=NAMES)
    def sends_while_somebodys_server_puts_mail_off(self, name: str) -> None:
        address = make.applicant(name).email
        self.server.refuse(address, "450 4.2.0 greylisted")
        self.sends()
        del self.server.answers[address]

    def _look_at_what_arrived(self) -> None:
        arrived, self.seen = self.server.accepted[self.seen :], len(self.server.accepted)
        for one in arrived:
            self._check_sent(Message.objects.get(message_id=one.message_id), one.message)

    @rule()
    def a_worker_is_killed_with_mail_in_hand(self) -> None:
        ledger.lease(stream="transactional", limit=3)
        ledger.lease(stream="bulk", limit=3)

    @rule(stream=st.sampled_from(["transactional", "bulk"]), has_arrived=st.booleans())
    def a_worker_is_killed_with_mail_on_the_wire(self, stream: str, has_arrived: bool) -> None:
        write_down = ledger.turn

        def die(**values: Any) -> set[int]:
            if has_arrived and values["closing"]:
                raise Killed
            opened = write_down(**values)
            if opened and not has_arrived:
                raise Killed
            return opened

        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(ledger, "turn", die)
            patch.setattr(ledger, "release", lambda *, lease: 0)
            delivery.deliver(stream=stream)
        started = Message.objects.filter(state="started").values_list("key", flat=True)
        self.model.die(set(started) - self.model.on_the_wire)
        self._look_at_what_arrived()

    @rule()
    def what_it_held_comes_back(self) -> None:
        self.clocks.shift(django_settings.MAIL_LEASE_SECONDS + 10)
        sweep_mail()
        self.model.recover()

    # What the clock does

    @rule(seconds=st.sampled_from([50, 200]))
    def time_passes(self, seconds: int) -> None:
        self.clocks.shift(seconds)

    @precondition(lambda self: clock.now() < self.model.reminder.due - timedelta(seconds=60))
    @rule(is_soon=st.booleans())
    def its_reminder_falls_due(self, is_soon: bool) -> None:
        self.clocks.move_to(self.model.reminder.due + timedelta(seconds=-40 if is_soon else 1))
        self.reminds()

    @precondition(lambda self: clock.now() < self.model.start and len(self.model.guests) > 3)
    @rule()
    def it_begins(self) -> None:
        self.clocks.move_to(self.model.start + timedelta(minutes=1))

    @precondition(lambda self: self.model.start < clock.now() < self.model.end)
    @rule()
    def it_ends(self) -> None:
        self.clocks.move_to(self.model.end + timedelta(minutes=1))

    # What must hold after each step

    @invariant()
    def nothing_is_refused_that_makes_sense(self) -> None:
        """Look before anything else does: what is refused is asked for anew once that is so again."""
        ended = Message.objects.filter(reason__in=["senseless", "expired", "withdrawn"])
        for key, kind, reason in ended.values_list("key", "kind", "reason"):
            if key in self.model.refused | self.model.taken_back:
                continue
            # What is refused for its age alone was due long before; a new date that nobody knows of does not renew it.
            if kind in STANDING and reason == "senseless":
                guest = next(one for one in self.model.guests if one.key in key)
                assert not self.model.makes_sense(kind, key, guest, clock.now()), key
            self.model.ended(key, reason)

    @invariant()
    def people_are_where_the_model_has_them(self) -> None:
        found = self.event.registrations.order_by("pk").values_list("name", "state", "waiting_number", "told_revision")
        expected = [(one.name, one.state, one.number, one.told_revision) for one in self.model.guests]
        assert list(found) == expected

    @invariant()
    def seats_are_neither_oversold_nor_left(self) -> None:
        self.event.refresh_from_db()
        counted = seats.count(self.event)
        taken, capacity = counted.taken, counted.capacity
        # Lowering the capacity takes nobody's seat away, and gives nobody another.
        limit = float("inf") if capacity is None else capacity
        self.model.most = max(limit, min(self.model.most, taken))
        assert taken <= self.model.most
        now = clock.now()
        if self.model.is_open(now) and not self.model.is_held(now):
            # What has been held is given by the next tick.
            assert self.event.fills_at or not (counted.waiting and counted.free != 0)
        assert self.event.seat_state == counted.state

    @invariant()
    def each_mail_is_asked_for_once(self) -> None:
        assert Counter(Message.objects.values_list("key", flat=True)) == self.model.asked

    @invariant()
    def reminders_are_where_the_model_has_them(self) -> None:
        found = Reminder.objects.filter(rule=self.rule).order_by("registration_id")
        keys = [one.key for one in self.model.guests]
        expected = [
            (key, row.state, row.due, row.revision)
            for key, row in sorted(self.model.reminder.rows.items(), key=lambda item: keys.index(item[0]))
        ]
        values = found.values_list("registration__uuid", "state", "due_at", "revision")
        assert [(str(key), *rest) for key, *rest in values] == expected

    @invariant()
    def no_mail_leaves_twice_but_what_a_killed_worker_had_on_the_wire(self) -> None:
        sent = Counter(one.message_id for one in self.server.accepted)
        twice = {identifier for identifier, number in sent.items() if number > 1}
        if twice:
            repeated = Message.objects.filter(key__in=self.model.repeated)
            assert twice <= set(repeated.values_list("message_id", flat=True))
            assert max(sent.values()) == 2

    @invariant()
    def unknown_is_what_must_not_be_sent_again(self) -> None:
        unknown = Message.objects.unknown()
        repeats = unknown.exclude(reason__in=["no_answer", "worker_lost"])
        assert set(unknown.difference(repeats).values_list("key", flat=True)) == self.model.unknown
        # What was to be sent again and made no sense any more may have arrived the first time.
        assert set(repeats.values_list("key", flat=True)) <= self.model.repeated

    def settle(self) -> None:
        """Let workers catch up; then every calendar says what is so."""
        self.what_it_held_comes_back()
        self.time_passes(200)
        self.announces()
        self.reminds()
        Message.objects.filter(state="deferred").update(due_at=clock.now())
        self.sends()
        self.each_mail_is_asked_for_once()
        self.unknown_is_what_must_not_be_sent_again()
        if clock.now() < self.model.end:
            assert [one.name for one in self.model.guests if self._is_misled(one) or self.knows_nothing(one)] == []

    def _is_misled(self, guest: Guest) -> bool:
        if any(guest.key in key for key in self.model.unknown):
            # What was lost with its worker may be what would have said it.
            return False
        entries = self.calendars.get(guest.key, [])
        if not entries:
            # Without an entry nobody comes who should not, and whoever has a seat must have one.
            return guest.state == "confirmed" and not self.model.is_called_off
        _sequence, method, (start, zone) = max(entries, key=lambda entry: entry[0])
        if guest.state != "confirmed" or self.model.is_called_off:
            # An entry of a day that is over asks nobody to come; the word that it falls away ended with that day, and is
            # not said anew where staff move the event into the future afterwards.
            return method != "CANCEL" and start > clock.now()
        return (method, start, zone) != ("REQUEST", self.model.start, self.model.said[1])

    def knows_nothing(self, guest: Guest) -> bool:
        """Whether no mail has said that they are registered, nor may have."""
        may_have = self.heard | {key.split(":")[1] for key in self.model.unknown | self.model.repeated}
        return guest.is_live and guest.key not in may_have

    def _check_sent(self, message: Message, mail: EmailMessage) -> None:
        guest = next(one for one in self.model.guests if one.key in message.key)
        assert self.model.makes_sense(message.kind, message.key, guest, clock.now()), message.key
        self.model.left(message.key)
        self.heard.add(guest.key)
        files = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        # A reminder's file, which publishes, is there to be opened; calendars act upon the other two.
        for part in [one for one in files if one.get_param("method") in ("REQUEST", "CANCEL")][:1]:
            (entry,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
            at = entry["dtstart"].dt
            said = (int(str(entry["sequence"])), str(part.get_param("method")), (at.astimezone(UTC), at.tzinfo.key))
            entries = self.calendars.setdefault(guest.key, [])
            # One number never stands for two things.
            assert all(said == other for other in entries if other[0] == said[0])
            entries.append(said)
