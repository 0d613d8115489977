"""Reminders: planned for each registration, planned anew with every change, asked for once and in time."""

from datetime import time as clock_time
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from core import clock
from events import errors, mails_to_many
from events.models import Event, Registration, Reminder, ReminderRule
from events.services import (
    announce_changes,
    arm,
    cancel,
    change_preferences,
    clone_webinar,
    copy_rules,
    delete_rule,
    disarm,
    plan,
    planning,
    project_event,
    promote,
    propose_rules,
    remind,
    reminding,
    save_rule,
    send_now,
)
from events.services.sweeping import sweep as sweep_events
from mail import rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from mail.services.sweeping import sweep as sweep_mail
from tests.factories import accounts
from tests.factories import events as make
from tests.factories.mail import deliver_all

pytestmark = pytest.mark.django_db
NOW = "2026-11-01T09:00:00Z"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def time():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def an_event(**fields) -> Event:
    """Make an event on 12 December, 15:00 in Brussels, with the three proposed rules unarmed."""
    start = clock.now().replace(month=12, day=12, hour=14)
    return make.event(**{"title": "Budget", "starts_at": start, **fields})


def rules(event: Event) -> list[ReminderRule]:
    return list(ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk"))


def armed(event: Event, *numbers: int) -> list[ReminderRule]:
    return [arm(rule_id=rules(event)[number].pk) for number in numbers or (0, 1)]


def planned(registration: Registration) -> list[tuple[str, str, int]]:
    """Return state, due moment and revision of one person's reminders."""
    found = registration.reminders.order_by("due_at")
    return [(one.state, f"{one.due_at:%m-%d %H:%M}", one.revision) for one in found]


def move(event: Event, by: timedelta) -> Event:
    page = make.WebinarPage.objects.get(translation_key=event.translation_key)
    page.starts_at, page.ends_at = page.starts_at + by, page.ends_at + by
    page.save()
    return project_event(page=page)


def messages() -> list[tuple[str, str]]:
    return list(Message.objects.filter(kind="event-reminder").order_by("id").values_list("to_address", "state"))


def test_a_new_event_is_offered_three_reminders_and_none_is_armed():
    event = an_event()
    assert [(rule.anchor, rule.offset_minutes, rule.audience, rule.is_armed) for rule in rules(event)] == [
        ("start", -1440, "confirmed", False),
        ("start", -60, "confirmed", False),
        ("end", 60, "confirmed", False),
    ]
    assert [f"{rule.due_at:%m-%d %H:%M}" for rule in rules(event)] == ["12-11 14:00", "12-12 13:00", "12-12 16:30"]
    assert planned(make.registered(event)) == []
    assert propose_rules(translation_key=event.translation_key) == 0


def test_arming_plans_for_those_who_are_registered_and_registering_plans_for_itself():
    event = an_event()
    early = make.registered(event, "Early")
    armed(event)
    late = make.registered(event, "Late")
    expected = [("planned", "12-11 14:00", 0), ("planned", "12-12 13:00", 0)]
    assert (planned(early), planned(late)) == (expected, expected)


def test_who_comes_late_gets_what_is_still_to_come_and_nothing_stale(time):
    event = an_event()
    armed(event, 0, 1, 2)
    time.move_to(event.starts_at - 3 * HOUR)
    late = make.registered(event)
    assert planned(late) == [("planned", "12-12 13:00", 0), ("planned", "12-12 16:30", 0)]
    plan(event_id=event.pk)
    assert len(planned(late)) == 2
    assert remind() == 0


def test_reminders_leave_once_and_no_later_than_the_start(time):
    event = an_event()
    armed(event)
    make.registered(event, "Ana", language="fr")
    make.registered(event, "Bo")
    time.move_to(event.starts_at - DAY)
    assert (remind(), remind()) == (2, 0)
    assert messages() == [("ana@example.org", "queued"), ("bo@example.org", "queued")]
    registration = Registration.objects.get(name="Ana")
    message = Message.objects.filter(kind="event-reminder").earliest("id")
    assert (message.key, message.language, message.stream, message.expires_at, message.person_id) == (
        f"event-reminder:{registration.uuid}:{rules(event)[0].pk}:0",
        "fr",
        "bulk",
        event.starts_at,
        None,
    )
    time.move_to(event.starts_at)
    assert remind() == 0
    assert {one.state for one in Reminder.objects.filter(rule=rules(event)[1])} == {"missed"}
    sweep_mail()
    assert messages() == [("ana@example.org", "cancelled"), ("bo@example.org", "cancelled")]


def test_a_new_date_plans_anew(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    move(event, 7 * DAY)
    assert planned(registration) == [("planned", "12-18 14:00", 0), ("planned", "12-19 13:00", 0)]


def test_a_new_date_after_the_reminder_left_reminds_again_and_takes_back_what_still_waits(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    move(event, 7 * DAY)
    assert planned(registration) == [("planned", "12-18 14:00", 1)]
    assert messages() == [("ana.silva@example.org", "cancelled")]
    time.shift(7 * DAY)
    announce_changes()
    assert remind() == 1
    reminders = Message.objects.filter(kind="event-reminder").order_by("pk")
    assert list(reminders.values_list("state", flat=True)) == ["cancelled", "queued"]


def test_a_reminder_waits_while_a_change_can_be_undone_and_its_news_has_not_left(time):
    event = an_event()
    armed(event, 0)
    make.registered(event)
    move(event, DAY - HOUR)
    time.move_to(Event.objects.get().starts_at - DAY)
    assert remind() == 0
    assert announce_changes() == 1
    assert remind() == 1


def test_a_date_so_near_that_the_time_has_passed_drops_the_reminder(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    time.move_to(event.starts_at - 5 * DAY)
    move(event, -5 * DAY + 3 * HOUR)
    assert planned(registration) == [("planned", "12-07 16:00", 0), ("dropped", "12-11 14:00", 0)]


def test_a_new_zone_moves_wall_clock_reminders_alone():
    event = an_event()
    rule = ReminderRule(translation_key=event.translation_key, day_offset=-1, clock_time=clock_time(9))
    save_rule(rule=rule)
    arm(rule_id=rule.pk)
    armed(event, 0)
    registration = make.registered(event)
    assert planned(registration) == [("planned", "12-11 08:00", 0), ("planned", "12-11 14:00", 0)]
    page = make.WebinarPage.objects.get()
    page.timezone = "America/New_York"
    page.save()
    project_event(page=page)
    assert planned(registration) == [("planned", "12-11 14:00", 0), ("planned", "12-11 14:00", 0)]


def test_cancelling_drops_what_is_planned_and_withdraws_what_waits(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    cancel(registration_id=registration.pk)
    assert planned(registration) == [("asked", "12-11 14:00", 0), ("dropped", "12-12 13:00", 0)]
    assert messages() == [("ana.silva@example.org", "cancelled")]


def test_who_is_promoted_gets_the_reminders_of_those_with_a_seat(time):
    event = an_event(capacity=1)
    (rule, *_others) = rules(event)
    waiting = ReminderRule(translation_key=event.translation_key, offset_minutes=-120, audience="waiting")
    save_rule(rule=waiting)
    arm(rule_id=waiting.pk)
    armed(event)
    first, second, third = (make.registered(event, name) for name in "ABC")
    assert planned(second) == [("planned", "12-12 12:00", 0)]
    cancel(registration_id=first.pk)
    assert planned(second) == [
        ("planned", "12-11 14:00", 0),
        ("dropped", "12-12 12:00", 0),
        ("planned", "12-12 13:00", 0),
    ]
    time.move_to(event.starts_at - 3 * HOUR)
    cancel(registration_id=second.pk)
    third.refresh_from_db()
    assert (third.state, planned(third)) == (
        "confirmed",
        [("dropped", "12-12 12:00", 0), ("planned", "12-12 13:00", 0)],
    )


def test_staff_who_promote_plan_too():
    event = an_event(capacity=0)
    armed(event)
    registration = make.registered(event)
    Event.objects.update(capacity=1)
    assert planned(registration) == []
    promote(registration_id=registration.pk, by=accounts.PersonFactory(), reason="x")
    assert len(planned(registration)) == 2


def test_another_language_reaches_a_reminder_that_still_waits(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    change_preferences(registration_id=registration.pk, language="ar", timezone="Asia/Kathmandu")
    assert remind() == 1
    found = Message.objects.filter(kind="event-reminder").order_by("id")
    assert [(one.language, one.state, one.key[-2:]) for one in found] == [
        ("en", "cancelled", ":0"),
        ("ar", "queued", ":1"),
    ]


def test_disarming_holds_everything_back_and_arming_lets_it_go_again(time):
    event = an_event()
    (rule,) = armed(event, 0)
    registration = make.registered(event)
    disarm(rule_id=rule.pk)
    assert planned(registration) == [("dropped", "12-11 14:00", 0)]
    arm(rule_id=rule.pk)
    assert planned(registration) == [("planned", "12-11 14:00", 0)]
    time.move_to(event.starts_at - DAY)
    remind()
    disarm(rule_id=rule.pk)
    assert messages() == [("ana.silva@example.org", "cancelled")]


def test_a_rule_that_is_changed_moves_what_it_planned():
    event = an_event()
    (rule,) = armed(event, 0)
    registration = make.registered(event)
    rule.offset_minutes = -120
    save_rule(rule=rule)
    assert planned(registration) == [("planned", "12-12 12:00", 0)]


def test_a_rule_whose_time_has_passed_cannot_be_armed(time):
    event = an_event()
    time.move_to(event.starts_at - DAY)
    with pytest.raises(errors.ReminderOver):
        arm(rule_id=rules(event)[0].pk)


def test_two_rules_for_the_same_moment_are_refused_by_service_and_database():
    event = an_event()
    again = ReminderRule(translation_key=event.translation_key, offset_minutes=-60)
    with pytest.raises(errors.ReminderTwice):
        save_rule(rule=again)
    with pytest.raises(IntegrityError, match="events_rule_once_per_time"), transaction.atomic():
        again.save()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"offset_minutes": None}, "events_rule_has_one_time"),
        ({"day_offset": 1}, "events_rule_has_one_time"),
        ({"audience": "all"}, "events_rule_audience_known"),
        ({"due_at": None, "expires_at": None, "armed_at": "2026-11-01T09:00:00Z"}, "events_rule_armed_has_moment"),
        ({"offset_minutes": 600_000}, "events_rule_offset_within_a_year"),
    ],
)
def test_the_database_refuses_rules_that_say_nothing_or_too_much(fields, name):
    event = an_event()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ReminderRule.objects.filter(pk=rules(event)[0].pk).update(**fields)


def test_a_clone_has_the_rules_but_writes_to_nobody_until_staff_arm_them(time):
    event = an_event()
    armed(event)
    page = make.WebinarPage.objects.get()
    clone = clone_webinar(page=page, title="Budget again", by=accounts.PersonFactory(admin=True))
    copied = list(ReminderRule.objects.filter(translation_key=clone.translation_key).order_by("pk"))
    assert [(rule.offset_minutes, rule.armed_at, rule.due_at) for rule in copied] == [
        (-1440, None, None), (-60, None, None), (60, None, None),
    ]  # fmt: skip
    with pytest.raises(errors.ReminderWithoutDate):
        arm(rule_id=copied[0].pk)
    clone.starts_at, clone.ends_at, clone.live = page.starts_at + 7 * DAY, page.ends_at + 7 * DAY, True
    clone.save()
    second = project_event(page=clone)
    assert [f"{rule.due_at:%m-%d %H:%M}" for rule in rules(second)] == ["12-18 14:00", "12-19 13:00", "12-19 16:30"]
    registration = make.registered(second, "Bo")
    time.move_to(second.starts_at - DAY)
    assert (planned(registration), remind()) == ([], 0)
    armed(second, 1)
    time.move_to(second.starts_at - HOUR)
    assert (remind(), messages()) == (1, [("bo@example.org", "queued")])


def test_copying_to_an_event_with_a_date_reckons_at_once():
    event, other = an_event(), an_event(title="Other")
    ReminderRule.objects.filter(translation_key=other.translation_key).delete()
    assert copy_rules(source=event.translation_key, target=other.translation_key) == 3
    assert all(rule.due_at and not rule.is_armed for rule in rules(other))


def test_sending_now_waits_for_the_undo_window_and_can_be_taken_back(time):
    event = an_event()
    rule = rules(event)[2]
    registration = make.registered(event)
    send_now(rule_id=rule.pk)
    assert (planned(registration), remind()) == ([("planned", "11-01 09:02", 0)], 0)
    disarm(rule_id=rule.pk)
    time.shift(timedelta(minutes=3))
    assert (planned(registration), remind()) == ([("dropped", "11-01 09:02", 0)], 0)
    send_now(rule_id=rule.pk)
    time.shift(timedelta(minutes=3))
    assert (remind(), messages()) == (1, [("ana.silva@example.org", "queued")])


def test_a_rule_that_has_written_to_somebody_stays(time):
    event = an_event()
    (rule,) = armed(event, 0)
    make.registered(event)
    with pytest.raises(errors.ReminderArmed):
        delete_rule(rule_id=rule.pk)
    disarm(rule_id=rule.pk)
    delete_rule(rule_id=rule.pk)
    assert len(rules(event)) == 2


def test_nothing_leaves_for_an_event_that_has_been_called_off(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    Event.objects.update(status="cancelled")
    time.move_to(event.starts_at - DAY)
    assert (remind(), planned(registration)) == (0, [("dropped", "12-11 14:00", 0)])


def test_what_is_due_at_once_waits_for_the_undo_window(time):
    event = an_event()
    time.move_to(event.starts_at - HOUR - timedelta(seconds=30))
    registration = make.registered(event)
    armed(event, 1)
    assert planned(registration) == [("planned", "12-12 13:01", 0)]
    assert registration.reminders.get().due_at == clock.now() + timedelta(minutes=2)


def test_saving_a_rule_that_was_read_before_it_was_armed_does_not_disarm_it():
    event = an_event()
    stale = rules(event)[0]
    armed(event, 0)
    registration = make.registered(event)
    stale.words = {"en": {"subject": "", "text": "Hello"}}
    assert save_rule(rule=stale).is_armed
    assert planned(registration) == [("planned", "12-11 14:00", 0)]


def test_other_words_leave_a_reminder_that_is_sent_now_at_its_moment():
    event = an_event()
    registration = make.registered(event)
    rule = send_now(rule_id=rules(event)[0].pk)
    rule.words = {"en": {"subject": "", "text": "Hello"}}
    save_rule(rule=rule)
    assert planned(registration) == [("planned", "11-01 09:02", 0)]


def test_the_sweep_plans_what_nobody_planned():
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    Reminder.objects.all().delete()
    assert (sweep_events().planned, planned(registration)) == (1, [("planned", "12-11 14:00", 0)])
    assert sweep_events().planned == 0


@pytest.mark.parametrize("number", [3, 120])
def test_planning_costs_the_same_for_three_and_for_many(number, django_assert_num_queries):
    event = an_event()
    for person in range(number):
        Registration.objects.create(
            event=event, name="A", email=f"{person}@example.org", email_key=f"{person}@example.org",
            language="en", timezone="UTC", state="confirmed",
        )  # fmt: skip
    (rule,) = armed(event, 0)
    with django_assert_num_queries(5):
        plan(event_id=event.pk)
    assert Reminder.objects.filter(rule=rule, state="planned").count() == number


@pytest.mark.parametrize("number", [3, 120])
def test_asking_costs_the_same_for_three_and_for_many(number, time, django_assert_num_queries):
    event = an_event()
    for person in range(number):
        Registration.objects.create(
            event=event, name="A", email=f"{person}@example.org", email_key=f"{person}@example.org",
            language="en", timezone="UTC", state="confirmed",
        )  # fmt: skip
    armed(event, 0)
    time.move_to(event.starts_at - DAY)
    with django_assert_num_queries(6):
        assert remind() == number


def test_an_address_that_cannot_be_written_to_holds_nobody_up(time):
    event = an_event()
    armed(event, 0)
    Registration.objects.filter(pk=make.registered(event, "Bad").pk).update(email="not an address")
    make.registered(event, "Good")
    time.move_to(event.starts_at - DAY)
    assert (remind(), remind()) == (2, 0)
    assert messages() == [("good@example.org", "queued")]


def test_each_person_gets_each_reminder_once_from_the_mail_server(time, mail_server):
    event = an_event()
    armed(event, 0)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    Message.objects.all().delete()
    time.move_to(event.starts_at - DAY)
    for _ in range(2):
        remind()
        deliver_all("bulk")
    assert dict(mail_server.recipients()) == {f"{name}@example.org": 1 for name in ("ana", "bo", "cy")}
    assert mail_server.to("bo@example.org")[0]["Subject"] == "Reminder: Budget"


def moved_while_a_worker_writes(time, monkeypatch) -> Registration:
    """Move the event by a week after a worker has taken and checked the reminder, before it starts to send it."""
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    Message.objects.all().delete()
    time.move_to(event.starts_at - DAY)
    remind()
    write = mails_to_many.write_reminder

    def write_slowly(*args):
        move(event, 7 * DAY)
        return write(*args)

    monkeypatch.setattr(mails_to_many, "write_reminder", write_slowly)
    deliver_all("bulk")
    return registration


def test_a_new_date_stops_a_reminder_that_a_worker_has_in_hand(time, monkeypatch, mail_server):
    registration = moved_while_a_worker_writes(time, monkeypatch)
    assert (mail_server.accepted, planned(registration)) == ([], [("planned", "12-18 14:00", 1)])
    assert messages() == [("ana.silva@example.org", "cancelled")]


def test_control_without_withdrawing_the_reminder_leaves_all_the_same(time, monkeypatch, mail_server):
    monkeypatch.setattr(planning, "withdraw", lambda **kwargs: 0)
    moved_while_a_worker_writes(time, monkeypatch)
    assert len(mail_server.accepted) == 1


def test_a_sweep_that_breaks_leaves_whole_batches_and_the_next_one_goes_on(time, monkeypatch):
    event = an_event()
    armed(event, 0)
    for number in range(5):
        make.registered(event, f"Guest {number}")
    time.move_to(event.starts_at - DAY)
    monkeypatch.setattr(reminding, "BATCH", 2)
    ask, calls = reminding.enqueue_many, []

    def break_at_second(**kwargs):
        calls.append(ask(**kwargs))
        if len(calls) == 2:
            raise RuntimeError
        return calls[-1]

    monkeypatch.setattr(reminding, "enqueue_many", break_at_second)
    with pytest.raises(RuntimeError):
        remind()
    assert (len(messages()), Reminder.objects.filter(state="asked").count()) == (2, 2)
    assert (remind(), len(messages()), Reminder.objects.filter(state="asked").count()) == (3, 5, 5)


# What the mails say ---------------------------------------------------------------------------------


def written() -> object:
    return rendering.render(Message.objects.filter(kind="event-reminder").latest("id"))


def reminded(time, number: int = 0, **fields) -> Registration:
    event = an_event()
    (rule,) = armed(event, number)
    registration = make.registered(event, **fields)
    time.move_to(rule.due_at)
    remind()
    return registration


def test_a_reminder_tells_both_times_and_where_to_go(time):
    registration = reminded(time)
    content = written()
    assert content.subject == "Reminder: Budget"
    for words in (content.text, content.html):
        for part in (
            f"/registration/{registration.token}/",
            "This is a reminder: you have a seat at this event.",
            "Bogota (UTC−5)", "09:00 to 10:30", "Brussels (UTC+1)", "15:00 to 16:30",
        ):  # fmt: skip
            assert part in words
    assert [(file.filename, file.as_alternative) for file in content.attachments] == [("event.ics", False)]


def test_an_hour_before_there_is_no_further_file(time):
    reminded(time, 1)
    assert written().attachments == ()


def test_after_the_event_the_mail_gives_thanks(time):
    reminded(time, 2)
    content = written()
    assert content.subject == "Thank you: Budget"
    assert "This event is over. Thank you for having registered." in content.text
    assert "/registration/" not in content.text


def test_who_waits_reads_the_place_and_gets_no_file(time):
    event = an_event(capacity=1)
    rule = save_rule(rule=ReminderRule(translation_key=event.translation_key, offset_minutes=-1440, audience="waiting"))
    arm(rule_id=rule.pk)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    time.move_to(event.starts_at - DAY)
    assert remind() == 2
    content = written()
    assert "This event is near and you are number 2 on the waiting list." in content.text
    assert ("number 2" in content.html, content.attachments) == (True, ())


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_a_reminder_is_written_in_the_language_of_the_person(time, language):
    reminded(time, language=language)
    content = written()
    assert f'lang="{language}"' in content.html
    assert ('dir="rtl"' in content.html) is (language == "ar")


def test_words_of_staff_are_text_and_their_slots_are_filled_once(time):
    event = an_event(title="{name} <b>Budget</b>")
    (rule,) = armed(event, 0)
    rule.words = {
        "en": {"subject": "{name}: {title}", "text": "Dear {name},\n\n<i>{title}</i> {0.__class__} %s {when}"}
    }
    save_rule(rule=rule)
    make.registered(event, "{title} Ana", email="a@example.org")
    time.move_to(rule.due_at)
    remind()
    content = written()
    assert content.subject == "{title}: {name} <b>Budget</b>"
    assert "{name} <b>Budget</b></i> {0.__class__} %s Saturday, 12 December 2026, 09:00 to 10:30" in content.text
    assert "<b>Budget" not in content.html
    assert "&lt;i&gt;{name} &lt;b&gt;Budget&lt;/b&gt;&lt;/i&gt; {0.__class__} %s" in content.html


def test_without_words_in_a_language_the_standing_ones_are_used(time):
    event = an_event()
    (rule,) = armed(event, 0)
    rule.words = {"fr": {"subject": "", "text": "Bonjour {name}"}}
    save_rule(rule=rule)
    make.registered(event)
    time.move_to(rule.due_at)
    remind()
    assert ("This is a reminder" in written().text, "Bonjour" in written().text) == (True, False)


@pytest.mark.parametrize("change", ["disarmed", "moved", "cancelled", "begun", "called off"])
def test_a_reminder_in_the_hand_of_a_worker_is_not_sent_when_its_sense_has_gone(time, change):
    registration = reminded(time)
    message = Message.objects.filter(kind="event-reminder").get()
    event = registration.event
    if change == "disarmed":
        ReminderRule.objects.update(armed_at=None)
    elif change == "moved":
        Reminder.objects.update(state="planned", revision=1, asked_at=None)
    elif change == "cancelled":
        cancel(registration_id=registration.pk)
    elif change == "begun":
        time.move_to(event.starts_at)
    else:
        Event.objects.update(status="cancelled")
    with pytest.raises(NoLongerMakesSense):
        rendering.render(message)
