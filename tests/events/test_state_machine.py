"""One event, its outbox and people's calendars against a model, through whatever order of verbs Hypothesis finds.

Mail goes through the real outbox to a real SMTP server; each run is undone by a savepoint.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from icalendar import Calendar

from accounts.models import User
from core import clock
from events.errors import EventOver, RegistrationRefused
from events.models import WebinarPage
from events.services import (
    announce_changes,
    announcing,
    cancel,
    cancel_event,
    cancelling,
    project_event,
    promote_from_waiting_list,
    register,
    restore_event,
    seats,
)
from events.services.sweeping import sweep as sweep_events
from mail.models import Message
from mail.services import ledger
from mail.services.sweeping import sweep as sweep_mail
from tests.events.event_model import Guest, Model
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all
from tests.services.mailserver import MailServer

NAMES = st.sampled_from(["Ana", "Bo", "Cy", "Di", "Ed", "Flo"])
ZONES = st.sampled_from(["Europe/Brussels", "Asia/Kathmandu"])
START = datetime(2026, 11, 1, 9, tzinfo=UTC)
WINDOW = timedelta(seconds=120)


class EventMachine(RuleBasedStateMachine):
    """What people, staff, workers and the clock can do to one event."""

    server: ClassVar[MailServer]

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        # The ledger refuses transactions but a test's own.
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.traveller = time_machine.travel(START, tick=True)
        self.clocks = self.traveller.start()
        self.server.accepted.clear()
        self.staff = cast(User, PersonFactory())
        first_start = datetime(2026, 12, 12, 14, tzinfo=UTC)
        self.event = make.event(capacity=2, starts_at=first_start)
        self.page = WebinarPage.objects.get(translation_key=self.event.translation_key)
        self.model = Model(capacity=2, first_start=first_start, window=WINDOW)
        self.seen: set[int] = set()
        self.calendars: dict[str, list[tuple[int, str, Any]]] = {}
        # Two with a seat and two in line: what is worth finding is near from there.
        for name in ("Ana", "Bo", "Cy", "Di"):
            self.registers(name)

    def teardown(self) -> None:
        """Let the dust settle, look at it, and undo it all."""
        try:
            self.settle()
        finally:
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
            self.model.register(str(outcome.registration.uuid), name)
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

    # What staff do

    @rule(capacity=st.sampled_from([0, 1, 2, 4, None]))
    def changes_capacity(self, capacity: int | None) -> None:
        self.page.capacity = self.model.capacity = capacity
        project_event(page=self.page)
        self.model.fill(clock.now())

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

    # What workers do

    @rule()
    def announces(self) -> None:
        announce_changes()
        self.model.announce(clock.now())

    @rule()
    def promotes(self) -> None:
        promote_from_waiting_list(event_id=self.event.pk)
        assert sweep_events().projected == 0
        self.model.fill(clock.now())

    @rule()
    def sends(self) -> None:
        deliver_all()
        for message in Message.objects.filter(state="accepted").exclude(pk__in=self.seen).order_by("started_at"):
            self.seen.add(message.pk)
            self._check_sent(message)

    @rule()
    def a_worker_is_killed_with_mail_in_hand(self) -> None:
        ledger.lease(stream="transactional", limit=3)

    @rule()
    def what_it_held_comes_back(self) -> None:
        self.clocks.shift(django_settings.MAIL_LEASE_SECONDS + 10)
        sweep_mail()

    # What the clock does

    @rule(seconds=st.sampled_from([50, 200]))
    def time_passes(self, seconds: int) -> None:
        self.clocks.shift(seconds)

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
    def people_are_where_the_model_has_them(self) -> None:
        found = self.event.registrations.order_by("pk").values_list("name", "state", "waiting_number", "told_revision")
        expected = [(one.name, one.state, one.number, one.told_revision) for one in self.model.guests]
        assert list(found) == expected

    @invariant()
    def seats_are_neither_oversold_nor_left(self) -> None:
        self.event.refresh_from_db()
        standing = seats.standing(self.event)
        taken, capacity = standing.taken, standing.capacity
        # Lowering the capacity takes nobody's seat away, and gives nobody another.
        limit = float("inf") if capacity is None else capacity
        self.model.most = max(limit, min(self.model.most, taken))
        assert taken <= self.model.most
        if self.model.is_open(clock.now()):
            assert not (standing.waiting and standing.free != 0)
        assert self.event.seat_state == standing.state

    @invariant()
    def each_mail_is_asked_for_once(self) -> None:
        assert Counter(Message.objects.values_list("key", flat=True)) == self.model.asked

    @invariant()
    def no_mail_leaves_twice(self) -> None:
        sent = Counter(one.message_id for one in self.server.accepted)
        assert not [identifier for identifier, number in sent.items() if number > 1]

    def settle(self) -> None:
        """Let workers catch up; then every calendar says what is so."""
        self.what_it_held_comes_back()
        self.time_passes(200)
        self.announces()
        self.sends()
        self.each_mail_is_asked_for_once()
        if clock.now() < self.model.end:
            assert [one.name for one in self.model.guests if self._is_misled(one)] == []

    def _is_misled(self, guest: Guest) -> bool:
        entries = self.calendars.get(guest.key, [])
        if not entries:
            # Without an entry nobody comes who should not, and whoever has a seat must have one.
            return guest.state == "confirmed" and not self.model.is_called_off
        _sequence, method, start = max(entries, key=lambda entry: entry[0])
        if guest.state != "confirmed" or self.model.is_called_off:
            return method != "CANCEL"
        return (method, start) != ("REQUEST", (self.model.start, self.model.said[1]))

    def _check_sent(self, message: Message) -> None:
        guest = next(one for one in self.model.guests if one.key in message.key)
        assert self.model.makes_sense(message.kind, guest, clock.now()), message.key
        self.model.left(message.key)
        (mail,) = [one.message for one in self.server.accepted if one.message_id == message.message_id]
        files = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        for part in files[:1]:
            (entry,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
            at = entry["dtstart"].dt
            said = (int(str(entry["sequence"])), str(part.get_param("method")), (at.astimezone(UTC), at.tzinfo.key))
            entries = self.calendars.setdefault(guest.key, [])
            # One number never stands for two things.
            assert all(said == other for other in entries if other[0] == said[0])
            entries.append(said)


def run(server: MailServer, *, examples: int, steps: int, phases: Sequence[Phase] = ()) -> None:
    EventMachine.server = server
    run_state_machine_as_test(
        EventMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=phases or [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            # The first that is found is enough; looking for another takes as long again.
            report_multiple_bugs=False,
        ),
    )


@pytest.mark.usefixtures("section")
@pytest.mark.django_db
def test_an_event_keeps_its_promises_in_any_order_of_verbs(mail_server: MailServer) -> None:
    run(mail_server, examples=6, steps=25)


@pytest.mark.usefixtures("section")
@pytest.mark.django_db
def test_control_a_service_that_forgets_the_undo_window_is_found(mail_server: MailServer, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "undo_window", timedelta)
    with pytest.raises(AssertionError):
        run(mail_server, examples=10, steps=30, phases=[Phase.generate])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_control_a_service_that_forgets_who_waits_is_found(mail_server: MailServer, monkeypatch) -> None:
    monkeypatch.setattr(cancelling, "fill_seats", lambda event: [])
    with pytest.raises(AssertionError):
        run(mail_server, examples=200, steps=60, phases=[Phase.generate])


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.django_db
def test_an_event_keeps_its_promises_over_a_long_campaign(mail_server: MailServer) -> None:
    run(mail_server, examples=150, steps=50)
