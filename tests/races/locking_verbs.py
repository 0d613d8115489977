"""Everything that locks, as the deadlock hunt calls it: each verb on something chosen at random."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet

from accounts.enums import Channel
from accounts.models import User
from accounts.services import erase, subject_for
from accounts.services.newcomers import person_for
from core import clock
from core.services import purging
from events.models import Event, Registration, ReminderRule, StaffMessage, WebinarPage
from events.services import (
    announce_changes,
    arm,
    cancel,
    cancel_event,
    change_preferences,
    claim_registrations,
    delete_rule,
    disarm,
    join,
    project_event,
    promote,
    promote_from_waiting_list,
    register,
    remind,
    renew_links,
    restore_event,
    save_rule,
    send_message,
    send_now,
    set_join_link,
    sweeping,
    take_back_message,
    write_message,
)
from mail.enums import FINAL, ReportKind, SuppressionReason
from mail.models import Message, Suppression
from mail.services import delivery, ledger, report, resend, suppress, take_off, withdraw
from mail.services.sweeping import sweep as sweep_mail
from tests.factories import events as make

Verb = Callable[[random.Random], Any]
GUESTS = 20


class NothingThere(Exception):
    """There is nothing to which the verb could be done now."""


@dataclass(frozen=True)
class Scene:
    """Two events by the keys of their pages, and a member of staff."""

    pages: list[int]
    staff: User

    def page(self, dice: random.Random) -> WebinarPage:
        return WebinarPage.objects.get(pk=dice.choice(self.pages))

    def event(self, dice: random.Random) -> Event:
        return Event.objects.get(translation_key=self.page(dice).translation_key)


def two_events(staff: User) -> Scene:
    """Make two events that begin in a moment, with a link, people, and a reminder that is due."""
    for _ in range(2):
        found = make.event(capacity=2, starts_at=clock.now() + timedelta(minutes=10))
        set_join_link(translation_key=found.translation_key, url="https://meet.example/")
        for number in range(3):
            make.registered(found, guest(number))
        send_now(rule_id=ReminderRule.objects.filter(translation_key=found.translation_key).earliest("pk").pk)
    return Scene(list(WebinarPage.objects.values_list("pk", flat=True)), staff)


def guest(number: int) -> str:
    return f"Guest {number}"


def one_of(dice: random.Random, rows: QuerySet) -> Any:
    """Choose a row that is there at this moment."""
    found: list[Model] = list(rows)
    if not found:
        raise NothingThere
    return dice.choice(found)


def somebody(dice: random.Random) -> Registration:
    return one_of(dice, Registration.objects.filter(erased_at=None))


def verbs_of_events(scene: Scene) -> list[Verb]:
    """Return what people and staff do with events and places."""
    event, staff = scene.event, scene.staff

    def project(dice: random.Random) -> None:
        found = scene.page(dice)
        found.capacity = dice.choice([1, 3, 9, None])
        found.starts_at = clock.now() + timedelta(minutes=dice.randint(5, 14))
        found.ends_at = found.starts_at + timedelta(hours=1)
        # Events that swap addresses need each other's row.
        found.slug = dice.choice(["one", "two", "three"])
        project_event(page=found)

    def registers(dice: random.Random) -> None:
        register(event_id=event(dice).pk, applicant=make.applicant(guest(dice.randint(0, GUESTS))))

    def renew(dice: random.Random) -> None:
        found = somebody(dice)
        renew_links(registration_id=found.pk, version=found.token_version)

    return [
        registers,
        registers,
        renew,
        lambda dice: cancel(registration_id=somebody(dice).pk),
        lambda dice: promote(registration_id=somebody(dice).pk, by=staff, reason="x"),
        lambda dice: promote_from_waiting_list(event_id=event(dice).pk),
        lambda dice: change_preferences(
            registration_id=somebody(dice).pk, language=dice.choice(["en", "fr"]), timezone="Asia/Kathmandu"
        ),
        lambda dice: join(registration_id=somebody(dice).pk),
        lambda dice: cancel_event(event_id=event(dice).pk, by=staff, reason="x"),
        lambda dice: restore_event(event_id=event(dice).pk, by=staff, reason="x"),
        lambda dice: announce_changes(),
        lambda dice: sweeping.sweep(),
        project,
        project,
    ]


def verbs_of_reminders(scene: Scene) -> list[Verb]:
    """Return what is done about reminders and messages of staff."""

    def rule(dice: random.Random) -> ReminderRule:
        return one_of(dice, ReminderRule.objects.all())

    def change(dice: random.Random) -> None:
        found = rule(dice)
        found.offset_minutes, found.audience = -dice.randint(1, 4), dice.choice(["confirmed", "waiting"])
        save_rule(rule=found)

    def write(dice: random.Random) -> None:
        words = {"en": {"subject": "News", "text": "It rains."}}
        kept = write_message(
            event_id=scene.event(dice).pk, audience=dice.choice(["confirmed", "waiting"]), words=words, by=scene.staff
        )
        send_message(message_id=kept.pk, by=scene.staff)

    return [
        lambda dice: arm(rule_id=rule(dice).pk),
        lambda dice: disarm(rule_id=rule(dice).pk),
        lambda dice: send_now(rule_id=rule(dice).pk, by=scene.staff),
        lambda dice: remind(),
        lambda dice: remind(),
        lambda dice: delete_rule(rule_id=one_of(dice, ReminderRule.objects.filter(armed_at=None)).pk),
        change,
        write,
        lambda dice: take_back_message(message_id=one_of(dice, StaffMessage.objects.all()).pk),
    ]


def verbs_of_mail(scene: Scene) -> list[Verb]:
    """Return what workers, sweeps and staff do with the outbox and the list of suppressed addresses."""

    def put_on(dice: random.Random) -> None:
        address = make.applicant(guest(dice.randint(0, GUESTS))).email
        suppress(address=address, reason=SuppressionReason.STAFF, by=scene.staff)

    def again(dice: random.Random) -> None:
        resend(message_pk=one_of(dice, Message.objects.filter(state__in=FINAL)).pk, by=scene.staff, reason="Lost")

    def bounces(dice: random.Random) -> None:
        found = one_of(dice, Message.objects.filter(state="accepted"))
        report(
            what=ReportKind.BOUNCED,
            address=found.to_address,
            message_id=found.message_id.strip("<>"),
            event_id=str(dice.random()),
            words="gone",
        )

    return [
        bounces,
        # A worker that is killed with these in hand.
        lambda dice: ledger.lease(stream="transactional", limit=4),
        lambda dice: delivery.deliver(stream="transactional"),
        lambda dice: delivery.deliver(stream="bulk"),
        lambda dice: withdraw(keys=[f"event-waiting:{somebody(dice).uuid}" for _ in range(3)]),
        lambda dice: sweep_mail(),
        put_on,
        lambda dice: take_off(suppression_id=one_of(dice, Suppression.objects.all()).pk, note="x", by=scene.staff),
        again,
    ]


def verbs_of_rights(scene: Scene) -> list[Verb]:
    """Return what is done about people's data: erasing somebody who registered, with an account or without, and purging."""

    def forget(dice: random.Random) -> None:
        subject, _person = subject_for(email=somebody(dice).email)
        erase(subject=subject, channel=Channel.STAFF, by=scene.staff)

    def claim(dice: random.Random) -> None:
        found = somebody(dice)
        person, _is_new = person_for(email=found.email, language="en")
        claim_registrations(person=person, address=found.email)

    return [forget, claim, lambda dice: purging.purge()]
