"""Drafts that end as a restored cohort sends them, and the seats that they leave: who gets those is foretold too."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from core import clock
from learning.models import Cohort
from learning.services import call_off_cohort, give_held_seats, notices, restore_cohort
from learning.services.foreseeing import ToBeTold, foresee_news, foresee_restoring
from mail import rendering
from mail.models import Message
from municipalities.models import Membership
from municipalities.services import approve_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.mail import deliver_all
from tests.learning.cohort_screens import got, is_read_in, parts, shown
from tests.learning.people import asked, staff

pytestmark = pytest.mark.django_db
WINDOW = timedelta(seconds=120)


@pytest.fixture(autouse=True)
def now(settings):
    """A moment that moves by `shift` alone."""
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now(), tick=False) as moment:
        yield moment


def drafted_twice(cohort: Cohort, *names: str) -> Membership:
    """Return the membership of who wrote these down, whom a colleague has enrolled since."""
    membership = asked()
    make.team(cohort, *names, coordinator=membership)
    make.team(cohort, *names, coordinator=cities.coordinator(local_government=membership.local_government))
    return membership


def call_off(cohort: Cohort, *memberships) -> Cohort:
    """Call it off, and approve these meanwhile; return it as it is stored then."""
    deliver_all()
    call_off_cohort(cohort_id=cohort.pk)
    for one in memberships:
        approve_membership(membership_id=one.pk, by=staff())
    cohort.refresh_from_db()
    return cohort


def foretold(found: ToBeTold) -> list[tuple[str, str]]:
    """Return kind and address of each mail, coordinators left out, as `got` does."""
    people = [*((kind, one) for kind, some in found.later.items() for one in some)]
    people += [(notices.PROMOTED, one) for one in found.seated]
    return sorted((kind, notices.address_of(one)) for kind, one in people)


def all_leaves(server, now) -> list[tuple[str, str]]:
    """Let window and sweeps pass, the worker being there first; return what the mail server has taken since."""
    before = got(server)
    now.shift(WINDOW)
    deliver_all(), give_held_seats(), deliver_all()
    now.shift(timedelta(minutes=5))
    deliver_all()
    left = got(server)
    for one in before:
        left.remove(one)
    return left


@pytest.mark.parametrize("number", [1, 3])
def test_the_seats_of_whom_a_colleague_has_enrolled_already_go_on_as_foretold(mail_server, now, number):
    names = ("Ana", "Ben", "Cy")[:number]
    cohort = make.cohort(seats=2 * number)
    membership = drafted_twice(cohort, *names)
    for name in ("Di", "Ed", "Flo", "Gus"):
        make.invited(cohort, name)
    is_read_in(cohort, "fr", "Di")
    call_off(cohort, membership)
    said = [(notices.PROMOTED, f"{name}@example.org") for name in ("di", "ed", "flo")[:number]]
    assert foretold(foresee_restoring(cohort)) == said
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    words = shown(browser, "restore", cohort)
    assert parts(words)[0] == (
        "Seats for those who wait",
        f"{number} {'person' if number == 1 else 'people'} would get this.",
    )
    assert [
        f"{'1 person who waits' if number == 1 else '3 people who wait'} will get a seat" in words,
        "français 1" in words,
    ] == [True, True]
    cohort = restore_cohort(cohort_id=cohort.pk)
    assert foretold(foresee_news(cohort)) == said
    assert all_leaves(mail_server, now) == said


def test_whose_place_is_told_again_gets_one_mail_where_a_dropped_draft_leaves_a_seat(mail_server, now):
    cohort = make.cohort(seats=2)
    membership = drafted_twice(cohort, "Ana")
    # The place of Di cannot leave: the cohort is called off before a worker comes.
    make.invited(cohort, "Di")
    call_off_cohort(cohort_id=cohort.pk)
    call_off(cohort, membership)
    found = foresee_restoring(cohort)
    assert (notices.WAITING, "di@example.org") not in foretold(found)
    cohort = restore_cohort(cohort_id=cohort.pk)
    said = foretold(foresee_news(cohort))
    assert said == foretold(found) == [(notices.PROMOTED, "di@example.org"), (notices.INVITATION, "ana@example.org")]
    assert all_leaves(mail_server, now) == said


def test_a_draft_that_was_told_its_place_before_such_a_seat_came_reads_of_a_seat_from_the_list(mail_server, now):
    cohort = make.cohort(seats=2)
    membership, other = drafted_twice(cohort, "Ana"), asked()
    make.team(cohort, "Flo", coordinator=membership)
    make.team(cohort, "Gus", coordinator=other)
    call_off(cohort, membership, other)
    said = foretold(foresee_restoring(cohort))
    assert said == [(notices.PROMOTED, "flo@example.org"), (notices.WAITING, "gus@example.org")]
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    # In the sample there are two of whatever becomes of somebody.
    assert "2 people have a seat." in shown(browser, "restore", cohort)
    cohort = restore_cohort(cohort_id=cohort.pk)
    assert foretold(foresee_news(cohort)) == said
    assert all_leaves(mail_server, now) == said
    sent = [rendering.render(one).text for one in Message.objects.filter(kind=notices.SENT).order_by("pk")]
    assert ["1 person has a seat." in one for one in sent] == [True, False]


def test_a_draft_of_a_later_team_is_invited_to_such_a_seat(mail_server, now):
    cohort = make.cohort(seats=2)
    first, later = drafted_twice(cohort, "Ana"), asked()
    make.team(cohort, "Ed", coordinator=later)
    call_off(cohort, first, later)
    said = foretold(foresee_restoring(cohort))
    assert said == [(notices.INVITATION, "ed@example.org")]
    restore_cohort(cohort_id=cohort.pk)
    assert all_leaves(mail_server, now) == said


def test_whose_city_has_its_share_reads_that_a_seat_is_free_which_a_dropped_draft_leaves(mail_server, now):
    cohort = make.cohort(seats=3, seats_per_local_government=2)
    membership, other = drafted_twice(cohort, "Ana"), asked()
    Cohort.objects.update(seats_per_local_government=1)
    make.team(cohort, "Flo", "Gus", coordinator=other)
    cohort.refresh_from_db()
    call_off(cohort, membership, other)
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    words = shown(browser, "restore", cohort)
    told = foretold(foresee_restoring(cohort))
    assert told == [(notices.WAITING, "gus@example.org"), (notices.INVITATION, "flo@example.org")]
    restore_cohort(cohort_id=cohort.pk)
    assert all_leaves(mail_server, now) == told
    sent = rendering.render(Message.objects.get(kind=notices.WAITING, to_address="gus@example.org")).text
    spent, full = "Your city may have 1 seat in this cohort.", "All seats are taken."
    assert [[said in text for said in (spent, full)] for text in (words, sent)] == [[True, False], [True, False]]


def test_where_the_first_day_begins_within_the_window_a_draft_that_waits_ends_in_silence(mail_server, now):
    cohort = make.cohort(seats=1)
    membership = asked()
    make.team(cohort, "Ana", "Bo", coordinator=membership)
    call_off(cohort, membership)
    now.move_to(cohort.starts_at - timedelta(seconds=60))
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    words = shown(browser, "restore", cohort)
    told = foretold(foresee_restoring(cohort))
    assert (told, "2 people found no seat." in words) == ([(notices.INVITATION, "ana@example.org")], True)
    restore_cohort(cohort_id=cohort.pk)
    assert all_leaves(mail_server, now) == told
    [sent] = Message.objects.filter(kind=notices.SENT)
    assert "1 person found no seat." in rendering.render(sent).text


def test_foreseeing_costs_the_same_however_many_drafts_are_dropped(django_assert_num_queries):
    for number in (1, 3):
        names = ("Ana", "Ben", "Cy")[:number]
        cohort = make.cohort(seats=2 * number)
        membership = drafted_twice(cohort, *names)
        make.team(cohort, *("Di", "Ed", "Flo")[:number], coordinator=membership)
        call_off(cohort, membership)
        # What was refused; drafts, who is dropped, who gets a seat then, who without, who by which team; nobody in vain.
        with django_assert_num_queries(10):
            assert foresee_restoring(cohort).promoted == number
