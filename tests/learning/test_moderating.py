"""What moderators do on their page: decline with a reason, and read a long list of people page by page."""

import pytest
from django.test import Client

from learning.models import Enrolment
from learning.services import apply_alone
from mail import rendering
from tests.factories import accounts
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def guided(**fields) -> tuple[teamwork.Place, Client]:
    """Return a cohort with its moderator's browser."""
    one = teamwork.place(**fields)
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    return one, teamwork.client_of(moderator)


class TestDeclining:
    def applicant(self, one: teamwork.Place, email: str = "ana@city.example") -> Enrolment:
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
