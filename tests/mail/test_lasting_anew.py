"""Until when mails that are written from records make sense, by what each kind says now."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from events.models import ReminderRule
from events.moments import AFTERWARDS
from events.services import remind, send_message, send_now, write_message
from learning.models import Cohort, TeamRequest
from learning.services import notices
from mail import kinds
from mail.models import Message
from mail.undo import undo_window
from tests.factories import events as make
from tests.learning import teamwork

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
WORDS = {"en": {"subject": "Room", "text": "Another room."}}


def until(kind: str) -> list[object]:
    """Return until when each mail of a kind makes sense now, in the order in which they were asked for."""
    found = kinds.expiries(Message.objects.filter(kind=kind))
    return [found[pk] for pk in sorted(found)]


def test_a_reminder_lasts_as_long_as_its_rule_says_now() -> None:
    event = make.event()
    make.registered(event)
    rule = ReminderRule.objects.get(translation_key=event.translation_key, offset_minutes=-60, anchor="start")
    send_now(rule_id=rule.pk)
    with time_machine.travel(clock.now() + undo_window()):
        assert remind() == 1
    assert until("event-reminder") == [event.starts_at]
    ReminderRule.objects.filter(pk=rule.pk).update(expires_at=event.starts_at + WEEK)
    assert until("event-reminder") == [event.starts_at + WEEK]


def test_a_message_of_staff_lasts_until_some_days_after_the_end_as_it_is_now() -> None:
    event = make.event()
    make.registered(event)
    send_message(message_id=write_message(event_id=event.pk, audience="confirmed", words=WORDS).pk)
    assert until("event-message") == [event.ends_at + AFTERWARDS]
    event.starts_at, event.ends_at = event.starts_at + WEEK, event.ends_at + WEEK
    event.save()
    assert until("event-message") == [event.ends_at + AFTERWARDS]


def test_mails_of_a_cohort_last_until_its_end_as_it_is_now() -> None:
    one = teamwork.a_team()
    teamwork.invited(one)
    notices.say_sent(one.cohort, TeamRequest.objects.get())
    moved = one.cohort.ends_on + WEEK
    Cohort.objects.update(ends_on=moved)
    one.cohort.refresh_from_db()
    assert until("team-invitation") == until("team-sent") == [one.cohort.ends_at]


def test_a_mail_whose_records_are_gone_keeps_the_moment_of_its_row() -> None:
    make.registered(make.event())
    [row] = Message.objects.filter(kind="event-confirmation")
    row.params = {}
    assert kinds.expiries([row]) == {row.pk: row.expires_at}
    row.params = {"registration": 0}
    assert kinds.expiries([row]) == {row.pk: row.expires_at}
