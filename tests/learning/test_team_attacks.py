"""What nobody may do to a team over HTTP; each test is named after the attack."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import change_address
from learning import tokens
from learning.models import Cohort, Enrolment, UnitProgress
from learning.services import withdraw_enrolment
from learning.services.opening import as_read
from learning.views import door
from mail.models import Message
from municipalities.models import Membership
from municipalities.services import represent
from tests.factories import accounts, municipalities
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def test_the_coordinator_of_one_city_enrols_for_another():
    one = teamwork.a_team()
    other = teamwork.second_city(one.cohort)
    said = {"city": one.city.slug, "lines": "spy@city.example", "language": "en", "confirm": "yes"}
    assert teamwork.client_of(other.coordinator).post(one.team(), said).status_code == 403
    assert not Enrolment.objects.exists()


def test_the_coordinator_of_one_city_sees_withdraws_and_replaces_in_another():
    one = teamwork.a_team()
    other = teamwork.second_city(one.cohort)
    victim = teamwork.invited(one)
    spy = teamwork.client_of(other.coordinator)
    theirs = f"{one.dashboard()}{victim.uuid}/"
    addresses = [one.dashboard(), f"{theirs}withdraw/", f"{theirs}replace/", f"{one.dashboard()}withdraw/"]
    assert [spy.get(address).status_code for address in addresses] == [404] * 4
    assert [spy.post(address, {"email": "spy@city.example"}).status_code for address in addresses[1:]] == [404] * 3
    # Nor by way of their own team's address.
    through = f"{other.dashboard()}{victim.uuid}/withdraw/"
    assert (spy.get(through).status_code, spy.post(through).status_code) == (404, 404)
    victim.refresh_from_db()
    assert (victim.state, Enrolment.objects.count()) == ("invited", 1)


def test_exporting_another_city():
    one = teamwork.a_team()
    teamwork.invited(one)
    spies = [
        teamwork.second_city(one.cohort).coordinator,
        accounts.PersonFactory(),
        teamwork.joined(one, "Bo Berg")[0].person,
    ]
    for spy in spies:
        client = teamwork.client_of(spy)
        answers = [client.get(one.dashboard(), {"export": form}) for form in ("csv", "xlsx")]
        answers.append(client.get(one.desk(), {"export": "csv"}))
        assert [answer.status_code for answer in answers] == [404] * 3
    anonymous = Client().get(one.dashboard(), {"export": "csv"})
    assert (anonymous.status_code, "/account/login/" in anonymous["Location"]) == (302, True)


@pytest.mark.parametrize("role", ["", "member"])
def test_enrolling_oneself_as_coordinator(role):
    one = teamwork.a_team()
    spy = accounts.PersonFactory()
    if role:
        municipalities.membership(local_government=one.city, person=spy, role=role)
    said = {"city": one.city.slug, "lines": spy.email, "language": "en", "confirm": "yes"}
    assert teamwork.client_of(spy).post(one.team(), said).status_code == 403
    assert not Enrolment.objects.exists()


def test_whoever_only_asks_to_coordinate_mails_nobody_and_sees_nobody_elses():
    one = teamwork.a_team()
    teamwork.invited(one)
    spy = accounts.PersonFactory()
    represent(person=spy, local_government_id=one.city.pk, role="coordinator")
    client = teamwork.client_of(spy)
    assert client.get(one.dashboard()).status_code == 404
    said = {"city": one.city.slug, "lines": "friend@city.example", "language": "en", "confirm": "yes"}
    assert client.post(one.team(), said).status_code == 303
    assert [mail.to_address for mail in teamwork.mails("team-invitation")] == ["ana.silva@example.org"]
    html = client.get(one.dashboard()).content.decode()
    assert ("friend@city.example" in html, "ana.silva@example.org" in html) == (True, False)
    assert (
        "friend@city.example"
        not in teamwork.client_of(teamwork.second_city(one.cohort).coordinator).get(one.team()).content.decode()
    )
    draft = Enrolment.objects.get(email="friend@city.example")
    unknown = Client().get(f"/learn/{draft.token}/")
    assert (unknown.status_code, "ask whoever invited you to invite you again" in unknown.content.decode()) == (
        404,
        True,
    )
    assert Client().post(f"/learn/{draft.token}/").status_code == 404
    assert Membership.objects.get(person=spy).state == "asked"


def test_joining_with_anothers_link_while_signed_in():
    one = teamwork.a_team()
    enrolment = teamwork.invited(one)
    spy = teamwork.client_of(accounts.PersonFactory())
    link = f"/learn/{enrolment.token}/"
    page = spy.get(link)
    assert (page.status_code, "Ana Silva" in page.content.decode(), enrolment.email in page.content.decode()) == (
        403,
        False,
        False,
    )
    assert spy.post(link).status_code == 403
    assert spy.post(f"{link}decline/").status_code == 403
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.person) == ("invited", None)


def test_a_forwarded_link_opens_no_account_that_was_there_before():
    one = teamwork.a_team()
    enrolment = teamwork.invited(one)
    person = accounts.PersonFactory(email=enrolment.email)
    thief = Client()
    answer = thief.post(f"/learn/{enrolment.token}/")
    assert answer["Location"].startswith("/en/account/login/code/confirm/?next=")
    assert thief.get(one.course()).status_code == 302
    assert "_auth_user_id" not in thief.session
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.person) == ("active", person)


def test_a_link_signs_in_once_and_asks_for_a_code_afterwards():
    one = teamwork.a_team()
    enrolment, _browser = teamwork.joined(one)
    thief = Client()
    assert "Send me a code by mail" in thief.get(f"/learn/{enrolment.token}/").content.decode()
    answer = thief.post(f"/learn/{enrolment.token}/")
    assert answer["Location"].startswith("/en/account/login/code/confirm/?next=")
    assert "_auth_user_id" not in thief.session


def test_an_old_link_opens_nothing_once_the_account_has_another_address():
    one = teamwork.a_team()
    enrolment, _browser = teamwork.joined(one)
    change_address(person=enrolment.person, email="ana.now@elsewhere.example")
    EmailAddress.objects.filter(user=enrolment.person).update(verified=True)
    mailed = Message.objects.count()
    thief = Client()
    answer = thief.post(f"/learn/{enrolment.token}/")
    assert "_auth_user_id" not in thief.session
    assert answer["Location"] == f"/en/account/login/code/?{urlencode({'next': one.course()})}"
    page = thief.get(answer["Location"])
    assert (page.status_code, "ana.now" in page.content.decode(), Message.objects.count()) == (200, False, mailed)


def test_two_hands_on_one_link_at_once_and_only_the_first_is_let_in(monkeypatch):
    one = teamwork.a_team()
    enrolment = teamwork.invited(one)
    first, second = Client(), Client()
    join = door.join

    def join_behind_another(**fields: Any) -> Enrolment:
        monkeypatch.setattr(door, "join", join)
        assert first.post(f"/learn/{enrolment.token}/").status_code == 303
        return join(**fields)

    monkeypatch.setattr(door, "join", join_behind_another)
    assert "/account/login/code/confirm/" in second.post(f"/learn/{enrolment.token}/")["Location"]
    assert ("_auth_user_id" in first.session, "_auth_user_id" in second.session) == (True, False)


def test_forged_links_and_those_of_other_doors_are_answered_alike():
    enrolment = teamwork.invited(teamwork.a_team())
    packed = enrolment.token.partition("~")[0]
    forged = [
        "nonsense",
        f"{packed}~{'a' * 43}",
        signing.Signer(salt="events.registration", sep="~").sign(packed),
        tokens.make(uuid4()),
    ]
    answers = [(Client().get(f"/learn/{token}/"), Client().post(f"/learn/{token}/")) for token in forged]
    assert {answer.status_code for pair in answers for answer in pair} == {404}
    assert len({pair[0].content for pair in answers}) == 1


def test_enumerating_people_through_invitations():
    one = teamwork.a_team()
    known = accounts.PersonFactory(email="known@city.example")
    other = teamwork.second_city(one.cohort)
    teamwork.enrol(other, "elsewhere@city.example")
    answers = [
        teamwork.enrol(one, lines)["Location"]
        for lines in (known.email, "stranger@city.example", "elsewhere@city.example")
    ]
    assert answers == [f"{one.dashboard()}?done=enrolled&invited=1"] * 3
    rows = Enrolment.objects.filter(local_government=one.city).order_by("pk")
    assert [(row.email, row.name, row.state, row.person) for row in rows] == [
        ("known@city.example", "", "invited", None),
        ("stranger@city.example", "", "invited", None),
        ("elsewhere@city.example", "", "invited", None),
    ]
    html = teamwork.client_of(one.coordinator).get(one.dashboard()).content.decode()
    assert known.display_name not in html


def test_reading_a_unit_before_the_cohort_begins():
    one = teamwork.a_team()
    _enrolment, browser = teamwork.joined(one)
    answers = [browser.get(one.reading()), browser.post(one.reading())]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(303, one.course())] * 2
    assert "The units open on" in words(browser.get(one.course()))
    assert not UnitProgress.objects.exists()


def test_reading_without_having_joined_or_after_having_left():
    one = teamwork.a_team(with_pages=True)
    invited = teamwork.invited(one, "Bo Berg")
    accounts.PersonFactory(email=invited.email)
    member, browser = teamwork.joined(one)
    teamwork.begin(one.cohort)
    address = one.reading()
    only_invited = teamwork.client_of(User.objects.get(email=invited.email))
    assert (only_invited.get(address).status_code, only_invited.post(address).status_code) == (404, 404)
    assert browser.get(address).status_code == 200
    withdraw_enrolment(enrolment_id=member.pk, by=one.coordinator)
    assert (browser.get(address).status_code, browser.post(address).status_code) == (404, 404)
    assert Client().get(address).status_code == 302
    assert UnitProgress.objects.get().completed_at is None


def test_reading_a_unit_of_another_course_through_ones_own():
    one = teamwork.a_team()
    _enrolment, browser = teamwork.joined(one)
    teamwork.begin(one.cohort)
    address = one.reading(make.units_of(make.bare_course())[0])
    assert (browser.get(address).status_code, browser.post(address).status_code) == (404, 404)


def test_moderating_without_being_a_moderator():
    one = teamwork.a_team(admission="approval")
    teamwork.enrol(one, "ana@city.example")
    application = Enrolment.objects.get()
    desk = one.desk()
    for spy in (one.coordinator, accounts.PersonFactory(), accounts.editor()):
        client = accounts.sign_in(Client(), spy)
        assert client.get(desk).status_code == 404
        doors = [f"{desk}{application.uuid}/{verb}/" for verb in ("admit", "decline", "withdraw")]
        assert [client.post(door).status_code for door in doors] == [404] * 3
        assert [client.get(door).status_code for door in doors[1:]] == [404, 404]
    elsewhere = make.cohort(course=one.cohort.course)
    moderator = accounts.PersonFactory()
    elsewhere.moderators.add(moderator)
    client = teamwork.client_of(moderator)
    through = f"/en/learning/cohorts/{elsewhere.slug}/moderate/"
    verbs = ("admit", "decline", "withdraw")
    doors = [f"{address}{application.uuid}/{verb}/" for address in (desk, through) for verb in verbs]
    assert [client.post(door).status_code for door in doors] == [404] * 6
    application.refresh_from_db()
    assert application.state == "applied"


def test_a_former_coordinator_asks_again_to_get_the_old_team_back():
    one = teamwork.a_team()
    ana = teamwork.invited(one)
    Membership.objects.filter(pk=one.membership.pk).update(state="ended", ends_on=one.membership.starts_on)
    represent(person=one.coordinator, local_government_id=one.city.pk, role="coordinator")
    spy = teamwork.client_of(one.coordinator)
    said = {"city": one.city.slug, "lines": f"friend@city.example\n{ana.email}", "language": "en"}
    # Nor does looking a list over tell who is still in the team.
    assert "2 people" in spy.post(one.team(), said).content.decode()
    assert spy.post(one.team(), {**said, "lines": "friend@city.example", "confirm": "yes"}).status_code == 303
    shown = spy.get(one.dashboard()).content.decode()
    exported = b"".join(spy.get(one.dashboard(), {"export": "csv"}).streaming_content).decode()
    assert [("friend@" in text, ana.email in text) for text in (shown, exported)] == [(True, False)] * 2
    assert spy.post(f"{one.dashboard()}{ana.uuid}/withdraw/").status_code == 404
    assert spy.post(f"{one.dashboard()}withdraw/").status_code == 303
    assert sorted(Enrolment.objects.values_list("email", "state")) == [
        (ana.email, "invited"),
        ("friend@city.example", "withdrawn"),
    ]
    assert one.city.slug not in spy.get("/en/my/learning/").content.decode()


def test_an_editor_makes_themselves_a_moderator():
    one = teamwork.a_team()
    known = accounts.PersonFactory()
    one.cohort.moderators.add(known)
    editor = accounts.editor()
    client = accounts.sign_in(Client(), editor)
    address = reverse("cohorts:edit", args=[one.cohort.pk])
    fields = ("name", "slug", "starts_on", "ends_on", "timezone", "languages", "admission")
    said = {name: getattr(one.cohort, name) for name in fields}
    said |= {"course": one.cohort.course_id, "name": "Renamed", "addresses": editor.email}
    said["opened"] = json.dumps(as_read(Cohort.objects.get(pk=one.cohort.pk)))
    assert client.post(address, said).status_code == 302
    one.cohort.refresh_from_db()
    assert (one.cohort.name, list(one.cohort.moderators.all())) == ("Renamed", [known])
    assert client.get(one.desk()).status_code == 404


def test_a_door_of_a_team_whose_application_nobody_decided_on_does_not_open():
    one = teamwork.a_team(admission="approval")
    teamwork.enrol(one, "ana@city.example")
    door = f"/learn/{Enrolment.objects.get().token}/"
    assert [Client().get(door).status_code, Client().post(f"{door}decline/").status_code] == [404, 404]
