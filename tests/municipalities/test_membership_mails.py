"""What the mails about memberships say, to whom, in which language, and when they no longer make sense."""

import re
from datetime import date, timedelta

import pytest
import time_machine

from accounts import roles
from core import clock, personal
from core.personal import Subject
from core.services import purging
from mail import rendering, undo
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from municipalities import services
from municipalities.models import Membership
from municipalities.purposes import of_messages
from municipalities.services import notices
from municipalities.tasks import daily
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor
from tests.factories.mail import deliver_all

pytestmark = pytest.mark.django_db


def written(kind: str):
    """Return the last mail of a kind as it would leave now."""
    return rendering.render(Message.objects.filter(kind=f"membership-{kind}").latest("id"))


@pytest.fixture
def oslo():
    return make.local_government(name="Oslo", names={"ar": "أوسلو"})


def test_a_coordinator_reads_what_they_can_do_now(oslo, settings):
    asked = make.coordinator(state="asked", local_government=oslo)
    services.approve_membership(membership_id=asked.pk, by=editor())
    content = written("approved")
    assert content.subject == "You represent \u2068Oslo\u2069 now"
    for said in (content.text, content.html):
        assert "You now coordinate the team of \u2068Oslo\u2069: you can enrol colleagues in courses." in said
        assert f"{settings.BASE_URL}/en/my/cities/" in said


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, ""),
        (1, "1 colleague waits for your decision on your page."),
        (3, "3 colleagues wait for your decision on your page."),
    ],
)
def test_a_new_coordinator_reads_once_how_many_wait_for_them(oslo, number, words):
    for _one in range(number):
        make.membership(state="asked", local_government=oslo)
    make.membership(state="asked")
    asked = make.coordinator(state="asked", local_government=oslo)
    services.approve_membership(membership_id=asked.pk, by=editor())
    told = Message.objects.filter(to_address=asked.person.email)
    assert list(told.values_list("kind", flat=True)) == ["membership-approved"]
    found = re.findall(r"\d colleagues? waits? .*", written("approved").text)
    assert found == ([words] if words else [])


def test_the_reason_is_told_as_it_was_written_and_cannot_turn_the_line(oslo):
    asked = make.membership(state="asked", local_government=oslo)
    services.decline_membership(membership_id=asked.pk, by=editor(), reason="Left <last>\u202e year %(city)s {x}")
    content = written("declined")
    assert content.subject == "Your request to represent \u2068Oslo\u2069"
    assert "The reason: \u2068Left <last> year %(city)s {x}\u2069" in content.text
    assert "Left &lt;last&gt; year %(city)s {x}" in content.html


def test_a_mail_names_the_city_in_the_persons_language(oslo, settings):
    asked = make.membership(state="asked", local_government=oslo, person=PersonFactory(language="ar"))
    services.approve_membership(membership_id=asked.pk, by=editor())
    content = written("approved")
    assert "أوسلو" in content.subject
    assert f"{settings.BASE_URL}/ar/my/cities/" in content.text


def test_a_coordinator_reads_who_asks(oslo):
    make.coordinator(local_government=oslo)
    asked = services.represent(
        person=PersonFactory(display_name="Ana <b>Silva</b>"), local_government_id=oslo.pk, role="member"
    )
    content = written("asked")
    assert content.subject == "A colleague would like to represent \u2068Oslo\u2069"
    assert "\u2068Ana <b>Silva</b>\u2069 would like to belong to the team of \u2068Oslo\u2069." in content.text
    assert "Ana &lt;b&gt;Silva&lt;/b&gt;" in content.html
    services.end_membership(membership_id=asked.pk, by=asked.person)
    with pytest.raises(NoLongerMakesSense):
        written("asked")


def test_who_no_longer_coordinates_is_not_told_who_asks(oslo):
    coordinator = make.coordinator(local_government=oslo)
    services.represent(person=PersonFactory(), local_government_id=oslo.pk, role="member")
    services.end_membership(membership_id=coordinator.pk, by=editor())
    with pytest.raises(NoLongerMakesSense):
        written("asked")


def test_endings_and_handing_over_are_told(oslo):
    coordinator, member = make.coordinator(local_government=oslo), make.membership(local_government=oslo)
    services.make_coordinator(membership_id=member.pk, by=coordinator.person)
    assert written("coordinator").subject == "You coordinate the team of \u2068Oslo\u2069"
    services.end_membership(membership_id=member.pk, by=coordinator.person)
    assert written("ended").subject == "You no longer represent \u2068Oslo\u2069"
    with pytest.raises(NoLongerMakesSense):
        written("coordinator")


def test_a_last_day_that_a_coordinator_notes_is_told_while_it_holds(oslo):
    with time_machine.travel("2026-12-01T09:00:00Z", tick=False) as traveller:
        coordinator, member = make.coordinator(local_government=oslo), make.membership(local_government=oslo)
        for day in (10, 12):
            services.end_membership(membership_id=member.pk, by=coordinator.person, ends_on=date(2026, 12, day))
        overtaken, last = Message.objects.filter(kind="membership-last-day").order_by("pk")
        with pytest.raises(NoLongerMakesSense):
            rendering.render(overtaken)
        content = rendering.render(last)
        assert content.subject == "Your last day in the team of \u2068Oslo\u2069"
        said = "\u206812 December 2026\u2069 is your last day in the team of \u2068Oslo\u2069."
        assert (said in content.text, said in content.html) == (True, True)
        # A mail that leaves late says what is true by then.
        traveller.move_to("2026-12-13T05:20:00Z")
        assert services.end_overdue() == 1
        assert rendering.render(last).subject == "You no longer represent \u2068Oslo\u2069"


def test_a_mail_about_what_is_gone_is_not_sent(oslo):
    asked = make.membership(state="asked", local_government=oslo)
    services.approve_membership(membership_id=asked.pk, by=editor())
    Membership.objects.all().delete()
    with pytest.raises(NoLongerMakesSense):
        written("approved")


def test_a_request_that_is_taken_back_within_the_window_disturbs_no_coordinator(oslo, mail_server):
    coordinators = [make.coordinator(local_government=oslo) for _each in range(2)]
    gone, stays = (
        services.represent(person=PersonFactory(), local_government_id=oslo.pk, role="member") for _each in range(2)
    )
    assert all(one.due_at >= undo.leaves_at(since=gone.asked_at) for one in Message.objects.all())
    deliver_all()
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    services.end_membership(membership_id=gone.pk, by=gone.person)
    with time_machine.travel(undo.leaves_at(), tick=False):
        deliver_all()
    found = Message.objects.order_by("pk").values_list("params__membership", "to_address", "state")
    assert list(found) == [
        (one.pk, by.person.email, state)
        for one, state in ((gone, "cancelled"), (stays, "accepted"))
        for by in coordinators
    ]


def test_staff_of_the_queue_get_one_mail_a_day_while_something_waits():
    deciding = editor(), PersonFactory(groups=[roles.MODERATORS], is_staff=True)
    editor(is_active=False)
    PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True)
    assert notices.remind_staff() == 0
    asked = [make.coordinator(state="asked") for _ in range(2)]
    with time_machine.travel("2026-12-01T05:20:00Z", tick=False) as traveller:
        for _ in range(2):
            daily()
        assert list(Message.objects.order_by("pk").values_list("to_address", flat=True)) == [
            person.email for person in deciding
        ]
        content = written("queue")
        assert "2 requests to represent a city wait for a decision." in content.text
        assert "/admin/membership-requests/" in content.text
        traveller.move_to("2026-12-02T05:20:00Z")
        daily()
        assert Message.objects.count() == 4
        for one in asked:
            services.decline_membership(membership_id=one.pk, by=deciding[0], reason="no")
        with pytest.raises(NoLongerMakesSense):
            written("queue")


def test_beat_knows_the_daily_task(settings):
    from gkec.celery import app

    app.loader.import_default_modules()
    assert settings.CELERY_BEAT_SCHEDULE["municipalities-daily"]["task"] in app.tasks


@pytest.mark.parametrize("number", [1, 3])
def test_a_copy_of_what_is_kept_costs_the_same_for_one_and_for_three(number, django_assert_num_queries, oslo):
    person = PersonFactory()
    for _ in range(number):
        make.membership(person=person, department="Klima", local_government=make.local_government(name="Oslo"))
    make.membership()
    with django_assert_num_queries(1):
        rows = list(personal.get("memberships").rows(Subject(person.pk, ())))
    shown = [{name: words for name, _label, _value, words in row} for row in rows]
    told = [(one["local_government"], one["role"], one["state"], one["department"]) for one in shown]
    assert told == [("Oslo", "Member of the team", "Approved", "Klima")] * number


def test_memberships_go_two_years_after_they_ended_were_declined_or_asked():
    made = {state: make.membership(state=state) for state in ("asked", "approved", "declined", "ended")}
    now = clock.now()
    with time_machine.travel(now + timedelta(days=400), tick=False):
        purging.purge()
        assert Membership.objects.count() == 4
    with time_machine.travel(now + timedelta(days=731), tick=False):
        purging.purge()
        assert list(Membership.objects.all()) == [made["approved"]]


def test_memberships_go_with_the_account_and_who_decided_is_forgotten():
    decided = make.membership(decided_by=editor())
    decided.decided_by.delete()
    decided.refresh_from_db()
    assert decided.decided_by is None
    decided.person.delete()
    assert not Membership.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_staff_read_in_the_outbox_whom_and_which_city_a_mail_is_about(number, oslo, django_assert_num_queries):
    for count in range(number):
        asked = make.membership(state="asked", local_government=oslo, person=PersonFactory(display_name=f"Ana {count}"))
        services.approve_membership(membership_id=asked.pk, by=PersonFactory(admin=True))
    messages = list(Message.objects.order_by("pk"))
    with django_assert_num_queries(1):
        found = of_messages(messages)
    assert [found[one.pk].label for one in messages] == [f"Ana {count} · Oslo" for count in range(number)]
