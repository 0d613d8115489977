"""What moderators do on their page: decline with a reason, and read a long list of people page by page."""

import re

import pytest
import time_machine
from django.test import Client

from accounts import roles
from learning.models import Enrolment
from learning.services import apply_alone
from learning.views import moderating
from mail import rendering
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db


def guided(**fields) -> tuple[teamwork.Team, Client]:
    """Return a cohort with its moderator's browser."""
    one = teamwork.a_team(**fields)
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    return one, teamwork.client_of(moderator)


def test_a_password_alone_shows_staff_no_learners_and_withdraws_nobody():
    one = teamwork.a_team()
    learner, _browser = teamwork.joined(one)
    staff = accounts.PersonFactory(groups=[roles.MODERATORS])
    browser = accounts.sign_in(Client(), staff, factor=False)
    doors = [one.desk(), f"{one.desk()}?export=csv", f"{one.desk()}{learner.uuid}/withdraw/", one.dashboard()]
    answers = [browser.get(door) for door in doors] + [browser.post(doors[2], {"reason": "x"})]
    assert {answer.headers.get("Location", "").partition("?")[0] for answer in answers} == {"/en/account/2fa/"}
    learner.refresh_from_db()
    assert learner.state == "active"
    assert accounts.sign_in(browser, staff).get(one.desk()).status_code == 200


class TestNobodyYet:
    def test_a_cohort_that_takes_people_says_how_they_come(self):
        one, browser = guided()
        answer = browser.get(one.desk())
        empty = answer.content.decode().partition('<div class="empty">')[2]
        assert words(answer).count("Nobody is enrolled yet") == 1
        assert "People come in by the cohort's page. Send its address to the cities that you want here." in empty
        assert re.findall(r'<a [^>]*href="([^"]+)"', empty)[0] == f"/en/learning/cohorts/{one.cohort.slug}/"

    def test_a_cohort_that_takes_nobody_says_why(self):
        one, browser = guided()
        with time_machine.travel(one.cohort.enrolment_closes_at):
            said = words(browser.get(one.desk()))
        assert "Nobody is enrolled Enrolment in this cohort has closed." in said
        assert "Send its address" not in said


class TestDeclining:
    def applicant(self, one: teamwork.Team, email: str = "ana@city.example") -> Enrolment:
        return apply_alone(cohort_id=one.cohort.pk, person=accounts.PersonFactory(email=email))

    def test_the_reason_is_quoted_in_the_mail_on_one_line_of_its_own_direction(self):
        one, browser = guided(admission="approval")
        applicant = self.applicant(one)
        door = f"{one.desk()}{applicant.uuid}/decline/"
        assert f'href="{door}"' in browser.get(one.desk()).content.decode()
        assert browser.get(door).status_code == 200
        applicant.refresh_from_db()
        assert applicant.state == "applied"
        said = {"reason": "Not <b>from</b>\r\n\u202ea city"}
        assert browser.post(door, said)["Location"] == one.desk()
        applicant.refresh_from_db()
        assert (applicant.state, applicant.changes.get(what="declined").reason) == (
            "declined",
            "Not <b>from</b> a city",
        )
        [message] = teamwork.mails("application-declined")
        mail = rendering.render(message)
        assert "The reason: \u2068Not <b>from</b> a city\u2069" in mail.text
        assert ("<b>from" in mail.html, "Not &lt;b&gt;from&lt;/b&gt; a city" in mail.html) == (False, True)

    def test_on_a_phone_each_application_stands_as_a_block_with_its_buttons_in_sight(self):
        one, browser = guided(admission="approval")
        applicant = self.applicant(one)
        html = browser.get(one.desk()).content.decode()
        table = html[html.index('aria-labelledby="applications"') :].partition("</table>")[0]
        assert '<table class="table__stack">' in table
        assert re.findall(r'<td data-label="([^"]+)"', table) == ["E-mail address", "City"]
        assert f"{applicant.uuid}/admit/" in table.rpartition("<td>")[2]

    def test_without_a_reason_the_mail_says_none(self):
        one, browser = guided(admission="approval")
        browser.post(f"{one.desk()}{self.applicant(one).uuid}/decline/")
        [message] = teamwork.mails("application-declined")
        assert "The reason" not in rendering.render(message).text

    def test_a_reason_that_is_too_long_is_kept_in_the_form_and_declines_nobody(self):
        one, browser = guided(admission="approval")
        applicant = self.applicant(one)
        door = f"{one.desk()}{applicant.uuid}/decline/"
        page = browser.post(door, {"reason": "a" * 501})
        assert (page.status_code, "a" * 501 in page.content.decode()) == (422, True)
        assert "Write a reason of at most 500 characters." in words(page)
        applicant.refresh_from_db()
        assert applicant.state == "applied"
        assert browser.post(door, {"reason": "a" * 500}).status_code == 303
        assert browser.get(door)["Location"] == one.desk()

    def test_a_coordinator_reads_why_their_colleague_was_declined(self):
        one, browser = guided(admission="approval")
        teamwork.enrol(one, "Ana Silva <ana@city.example>\nBo Berg <bo@city.example>")
        ana = Enrolment.objects.get(name="Ana Silva")
        coordinator = teamwork.client_of(one.coordinator)
        assert "Reason" not in words(coordinator.get(one.dashboard()))
        browser.post(f"{one.desk()}{ana.uuid}/decline/", {"reason": "Already trained"})
        assert "Reason" in words(coordinator.get(one.dashboard()))
        sent = b"".join(coordinator.get(one.dashboard(), {"export": "csv"}).streaming_content).decode("utf-8-sig")
        assert [line.rpartition(",")[2] for line in sent.splitlines()] == ["Reason", "", "Already trained"]
        assert teamwork.mails("application-declined") == []


class TestWithdrawing:
    def test_a_moderator_withdraws_somebody_who_came_alone_after_one_more_look(self):
        one, browser = guided(seats=1)
        alone = apply_alone(cohort_id=one.cohort.pk, person=accounts.PersonFactory(display_name="Ana Silva"))
        waiting = teamwork.invited(one, "Bo Berg")
        door = f"{one.desk()}{alone.uuid}/withdraw/"
        assert f'href="{door}"' in browser.get(one.desk()).content.decode()
        asked = browser.get(door)
        assert ("Withdraw Ana Silva ?" in words(asked), "The seat becomes free" in words(asked)) == (True, True)
        alone.refresh_from_db()
        assert alone.is_live
        answer = browser.post(door, follow=True)
        assert (answer.redirect_chain, "Withdrawn." in words(answer)) == ([(one.desk(), 303)], True)
        for row in (alone, waiting):
            row.refresh_from_db()
        assert (alone.state, waiting.state) == ("withdrawn", "invited")
        step = alone.changes.get(what="withdrawn")
        assert (step.actor, step.by) == ("staff", one.cohort.moderators.get())
        assert [mail.to_address for mail in teamwork.mails("enrolment-withdrawn")] == [alone.email]
        # Whoever has left is shown without the way out, and an old page leads back.
        assert f'href="{door}"' not in browser.get(one.desk()).content.decode()
        assert browser.get(door)["Location"] == one.desk()

    def test_a_completed_course_is_kept_and_the_page_offers_nothing_else(self):
        one, browser = guided()
        enrolment, _learner = teamwork.joined(one)
        Enrolment.objects.filter(pk=enrolment.pk).update(state="completed", ended_at=enrolment.created_at)
        door = f"{one.desk()}{enrolment.uuid}/withdraw/"
        assert f'href="{door}"' not in browser.get(one.desk()).content.decode()
        browser.post(door)
        enrolment.refresh_from_db()
        assert enrolment.state == "completed"

    def test_the_name_of_a_city_leads_to_its_team(self):
        one, browser = guided(city="Oslo")
        teamwork.invited(one)
        assert f'<a href="{one.dashboard()}"><bdi>Oslo</bdi></a>' in browser.get(one.desk()).content.decode()
        assert browser.get(one.dashboard()).status_code == 200


def sent(browser: Client, address: str) -> list[str]:
    """Return the addresses in the spreadsheet behind an address."""
    export = f"{address}{'&' if '?' in address else '?'}export=csv"
    text = b"".join(browser.get(export).streaming_content).decode("utf-8-sig")
    return [line.split(",")[2] for line in text.splitlines()[1:]]


def shown(page) -> list[str]:
    """Return the addresses in the table of people."""
    return re.findall(r"<bdi>([^<]*@example\.org)</bdi>", page.content.decode())


class TestALongList:
    def test_it_is_shown_page_by_page_and_exported_whole(self, monkeypatch):
        monkeypatch.setattr(moderating, "PER_PAGE", 2)
        one, browser = guided(city="Oslo")
        make.team(one.cohort, "Ana", "Bo", "Cy", coordinator=one.membership)
        other = teamwork.second_city(one.cohort, "Aarhus")
        teamwork.invited(other, "Di")
        everybody = [f"{name}@example.org" for name in ("di", "ana", "bo", "cy")]
        first, second = browser.get(one.desk()), browser.get(one.desk(), {"page": "2"})
        assert (shown(first), shown(second)) == (everybody[:2], everybody[2:])
        assert 'href="?page=2"' in first.content.decode()
        assert [sent(browser, f"{one.desk()}{page}") for page in ("", "?page=2")] == [everybody, everybody]

    def test_filters_stay_in_the_links_to_other_pages_and_to_the_spreadsheet(self, monkeypatch):
        monkeypatch.setattr(moderating, "PER_PAGE", 1)
        one, browser = guided(city="Oslo")
        ana, bo, cy = make.team(one.cohort, "Ana", "Bo", "Cy", coordinator=one.membership).enrolled
        teamwork.invited(teamwork.second_city(one.cohort, "Aarhus"), "Di")
        Enrolment.objects.filter(pk=cy.pk).update(state="withdrawn", has_seat=False, ended_at=cy.created_at)
        narrow = f"{one.desk()}?city={one.city.slug}&state=invited"
        page = browser.get(narrow)
        html = page.content.decode()
        assert shown(page) == ["ana@example.org"]
        assert f'href="?city={one.city.slug}&amp;state=invited&amp;page=2"' in html
        assert f'href="?city={one.city.slug}&amp;state=invited&amp;export=csv"' in html
        assert sent(browser, narrow) == ["ana@example.org", "bo@example.org"]
        nobody = browser.get(f"{one.desk()}?city={one.city.slug}&state=active")
        assert ("Show all" in words(nobody), shown(nobody)) == (True, [])
        # Neither an unknown state nor a character that no address has is an error.
        assert browser.get(f"{one.desk()}?state=nonsense&city=%00&page=99").status_code == 200

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_takes_as_many_statements_for_one_as_for_three(self, number):
        one, browser = guided(admission="approval")
        teamwork.enrol(one, "\n".join(f"{name}@example.org" for name in ("ana", "bo", "cy")[:number]))
        assert statements(browser, one.desk()) == 11
