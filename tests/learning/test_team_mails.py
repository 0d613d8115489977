"""What the mails of cohorts say, to whom, in which language, and when they no longer make sense."""

from datetime import timedelta

import pytest

from accounts.models import User
from core import clock
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import (
    admit,
    apply_alone,
    call_off_cohort,
    decline,
    end_unanswered,
    join,
    lapse_drafts,
    notices,
    replace,
    withdraw_enrolment,
)
from mail import kinds, rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from municipalities.enums import MembershipState
from municipalities.services import approve_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork

pytestmark = pytest.mark.django_db


def written(kind: str):
    """Return the last mail of a kind as it would leave now."""
    return rendering.render(Message.objects.filter(kind=kind).latest("id"))


def test_an_invitation_names_who_invites_and_holds_the_door_alone():
    one = teamwork.a_team(name="Spring")
    enrolment = teamwork.invited(one)
    mail = written("team-invitation")
    assert mail.subject == f"You are invited to learn together: \u2068{one.cohort.course.title}\u2069"
    assert (
        "\u2068Coordinator of Chefchaouen\u2069 invites you to learn with the team of \u2068Chefchaouen\u2069."
        in mail.text
    )
    door = f"/learn/{enrolment.token}/"
    assert (mail.text.count(door), mail.html.count(door)) == (1, 1)
    assert "Spring" in mail.text


def no_longer(message: Message) -> bool:
    try:
        kinds.render(message)
    except NoLongerMakesSense:
        return True
    return False


def one_of_each() -> dict[str, Message]:
    """Have every mail of the app asked for, by kind, each at a moment at which it makes sense."""
    one = teamwork.a_team(seats=2)
    teamwork.invited(one)
    left = teamwork.invited(one, "Bo Berg")
    for name in ("Cy Cole", "Di Dahl"):
        teamwork.invited(one, name)
    withdraw_enrolment(enrolment_id=left.pk, by=None)
    full = make.cohort(seats=1)
    make.team(full, "Ed", "Fi")
    Cohort.objects.filter(pk=full.pk).update(starts_on=clock.now().date() - timedelta(days=1))
    end_unanswered()
    drafts = make.team(make.cohort(), "Gu", coordinator=cities.coordinator(state=MembershipState.ASKED)).team
    TeamRequest.objects.filter(pk=drafts.pk).update(holds_until=clock.now())
    lapse_drafts()
    waits = cities.coordinator(state=MembershipState.ASKED)
    make.team(make.cohort(), "Jo", coordinator=waits)
    approve_membership(membership_id=waits.pk, by=accounts.PersonFactory(admin=True))
    asked = make.cohort(admission="approval")
    ann, ben = (apply_alone(cohort_id=asked.pk, person=accounts.PersonFactory()) for _one in range(2))
    by = accounts.PersonFactory()
    admit(enrolment_id=ann.pk, by=by)
    decline(enrolment_id=ben.pk, by=by, reason="Too late")
    off = make.cohort()
    make.invited(off, "Hal")
    call_off_cohort(cohort_id=off.pk)
    sensible = [message for message in Message.objects.order_by("pk") if not no_longer(message)]
    return {message.kind: message for message in sensible}


def test_every_mail_is_written_in_every_language():
    found = one_of_each()
    names = (
        "INVITATION",
        "WAITING",
        "PROMOTED",
        "WITHDRAWN",
        "ADMITTED",
        "DECLINED",
        "CALLED_OFF",
        "NO_SEAT",
        "SENT",
        "LAPSED",
    )
    assert {kind for kind in found if not kind.startswith("membership-")} == {getattr(notices, name) for name in names}
    for message in found.values():
        written_in = {}
        for language in ("en", "fr", "es", "pt", "ar"):
            message.language = language
            mail = rendering.render(message)
            # Nothing is left open, and the greeting and the foot are in the reader's own words at least.
            assert ("%(" in mail.text + mail.subject, f'lang="{language}"' in mail.html) == (False, True), message.kind
            written_in[mail.text] = language
        assert len(written_in) == 5, message.kind


def test_a_title_that_turns_the_line_around_is_kept_to_itself():
    one = teamwork.a_team(city="\u202eegap")
    teamwork.invited(one)
    text = written("team-invitation").text
    assert ("\u202e" in text, "\u2068egap\u2069" in text) == (False, True)


def test_markup_in_a_name_stays_words():
    one = teamwork.a_team(name="<b>Spring</b>")
    teamwork.invited(one)
    assert "<b>Spring" not in written("team-invitation").html


def test_who_waits_is_told_the_place_and_then_the_seat():
    one = teamwork.a_team(seats=1)
    first = teamwork.invited(one)
    teamwork.invited(one, "Bo Berg")
    invites = "\u2068Coordinator of Chefchaouen\u2069 invites you to learn with the team of \u2068Chefchaouen\u2069."
    place = written("enrolment-waiting").text
    assert (invites in place, "You are number 1 on the waiting list." in place) == (True, True)
    withdraw_enrolment(enrolment_id=first.pk, by=None)
    seat = written("enrolment-promoted").text
    assert (invites in seat, "A seat became free, and it is yours." in seat) == (True, True)
    assert "You have declined the invitation to this cohort." in written("enrolment-withdrawn").text


def test_what_moderators_decide_is_told():
    cohort = make.cohort(admission="approval", seats=1)
    ana, bo, cy = (apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory()) for _one in range(3))
    by = accounts.PersonFactory()
    admit(enrolment_id=ana.pk, by=by)
    assert "The moderators accepted your application: you have a seat." in written("application-admitted").text
    decline(enrolment_id=bo.pk, by=by)
    declined = written("application-declined")
    assert "The moderators could not give you a place in this cohort." in declined.text
    assert "/learn/" not in declined.text
    admit(enrolment_id=cy.pk, by=by)
    assert (
        "The moderators accepted your application. All seats are taken: you are number 1 on the waiting list."
        in written("application-admitted").text
    )


def test_the_mail_of_an_accepted_application_says_how_it_stands_when_it_leaves():
    cohort = make.cohort(admission="approval", seats=1)
    people = [apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory()) for _one in range(3)]
    for one in people:
        admit(enrolment_id=one.pk, by=accounts.PersonFactory())
    last, message = people[-1], Message.objects.filter(kind="application-admitted").latest("pk")
    assert "you are number 2 on the waiting list" in rendering.render(message).text
    # Passed by, somebody still waits before them.
    Enrolment.objects.filter(pk=last.pk).update(state="active", has_seat=True, joined_at=clock.now())
    seat = rendering.render(message).text
    assert ("The moderators accepted your application: you have a seat." in seat, "number" in seat) == (True, False)
    withdraw_enrolment(enrolment_id=last.pk, by=last.person)
    assert no_longer(message)


def test_mails_that_would_say_something_untrue_are_not_sent():
    one = teamwork.a_team()
    enrolment = teamwork.invited(one)
    message = Message.objects.get(kind="team-invitation")
    assert not no_longer(message)
    join(enrolment_id=enrolment.pk)
    assert no_longer(message)
    teamwork.invited(one, "Bo Berg")
    other = Message.objects.filter(kind="team-invitation").latest("pk")
    Cohort.objects.update(called_off_at=one.cohort.created_at)
    assert no_longer(other)


def test_who_has_joined_is_written_to_where_their_account_is_now():
    one = teamwork.a_team()
    enrolment, _browser = teamwork.joined(one)
    User.objects.filter(pk=enrolment.person_id).update(email="ana@new.example")
    withdraw_enrolment(enrolment_id=enrolment.pk, by=one.coordinator)
    assert [mail.to_address for mail in teamwork.mails("enrolment-withdrawn")] == ["ana@new.example"]


@pytest.mark.parametrize(
    ("how", "subject", "opening", "keeps"),
    [
        ("declined", "You have declined", "You have declined the invitation to this cohort.", False),
        ("left the list", "You have left the waiting list", "You have left the waiting list of this cohort.", False),
        (
            "took back",
            "Your request is taken back",
            "You have taken your request to take part in this cohort back.",
            False,
        ),
        ("left", "Your enrolment is withdrawn", "You are not enrolled in this cohort any more.", True),
        ("withdrawn unread", "Your enrolment is withdrawn", "You are not enrolled in this cohort any more.", False),
        ("replaced", "Your enrolment is withdrawn", "You are not enrolled in this cohort any more.", True),
    ],
)
def test_the_mail_of_an_end_says_whose_doing_it_was_and_speaks_of_a_record_to_who_has_one(how, subject, opening, keeps):
    one = teamwork.a_team(seats=1, admission="approval" if how == "took back" else "open")
    if how == "took back":
        person = accounts.PersonFactory()
        withdraw_enrolment(enrolment_id=apply_alone(cohort_id=one.cohort.pk, person=person).pk, by=person)
    elif how in {"left", "replaced"}:
        enrolment, _browser = teamwork.joined(one)
        if how == "left":
            withdraw_enrolment(enrolment_id=enrolment.pk, by=enrolment.person)
        else:
            replace(enrolment_id=enrolment.pk, email="bo@example.org", by=one.coordinator)
    else:
        enrolment = teamwork.invited(one)
        if how == "left the list":
            enrolment = teamwork.invited(one, "Bo Berg")
        withdraw_enrolment(enrolment_id=enrolment.pk, by=one.coordinator if how == "withdrawn unread" else None)
    mail, record = written("enrolment-withdrawn"), "What you have completed stays on record."
    assert mail.subject == f"{subject}: \u2068{one.cohort.course.title}\u2069"
    for part in (mail.text, mail.html):
        assert (opening in part, record in part) == (True, keeps)
