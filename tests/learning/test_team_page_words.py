"""What a coordinator reads of drafts, of each line's own language, and in which language a successor is invited."""

import re

import pytest

from learning.models import Enrolment
from learning.services import confirm_details, replace
from municipalities.enums import MembershipState
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def test_the_team_s_figures_count_the_drafts_where_there_are_any():
    cohort = make.cohort(seats=2)
    asked = cities.coordinator(state=MembershipState.ASKED)
    make.team(cohort, "Ana", "Bo", "Cy", coordinator=asked)
    page = words(teamwork.client_of(asked.person).get(f"/en/my/teams/{cohort.slug}/{asked.local_government.slug}/"))
    figures = "Not invited yet 3 Have joined 0 Invited 0 Behind 0 On the waiting list 1"
    assert figures in page
    one = teamwork.a_team()
    teamwork.invited(one)
    page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert ("Have joined 0 Invited 1" in page, "Not invited yet" in page) == (True, False)


def column(html: str, label: str) -> list[str]:
    """Return the words of one column of the table of people, row by row."""
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(rf'<td data-label="{label}">(.*?)</td>', html)]


def test_the_last_look_names_each_line_s_language_where_one_has_its_own():
    one = teamwork.a_team()
    lines = "email;name;language\nana@city.example;Ana;ar\nbo@city.example;Bo;\ncy@city.example;Cy;fr"
    html = teamwork.enrol(one, lines, confirm=[]).content.decode()
    assert column(html, "Language") == ["العربيّة", "English", "français"]
    assert '<bdi lang="ar" dir="rtl">العربيّة</bdi>' in html
    plain = teamwork.enrol(one, "ana@city.example\nbo@city.example", confirm=[]).content.decode()
    assert (column(plain, "Language"), column(plain, "Name")) == ([], ["", ""])


def test_the_form_says_that_a_column_of_languages_is_read_and_it_is():
    one = teamwork.a_team()
    page = teamwork.client_of(one.coordinator).get(one.team(), {"city": one.city.slug, "cohort": one.cohort.slug})
    assert "one of names and one of languages, such as “fr”." in words(page)
    teamwork.enrol(one, "email;name;language\nana@city.example;Ana;fr")
    assert Enrolment.objects.get().language == "fr"


class TestSuccessors:
    def test_the_form_offers_what_the_coordinator_chose_for_the_team_not_what_the_leaver_chose(self):
        one = teamwork.a_team()
        teamwork.enrol(one, "ana@city.example\nbo@city.example", language="ar")
        ana, bo = Enrolment.objects.order_by("pk")
        client = teamwork.client_of(one.coordinator)
        assert self.chosen(client.get(f"{one.dashboard()}{bo.uuid}/replace/")) == ["ar"]
        teamwork.Client().post(f"/learn/{ana.token}/")
        confirm_details(enrolment_id=ana.pk, name="Ana", language="es")
        assert self.chosen(client.get(f"{one.dashboard()}{ana.uuid}/replace/")) == ["ar"]
        # Where everybody has chosen their own, nothing is known of what was chosen for them.
        Enrolment.objects.filter(pk=bo.pk).update(confirmed_at=Enrolment.objects.get(pk=ana.pk).confirmed_at)
        assert self.chosen(client.get(f"{one.dashboard('fr')}{ana.uuid}/replace/")) == ["fr"]

    @staticmethod
    def chosen(page) -> list[str]:
        return re.findall(r'<option value="([^"]*)" selected>', page.content.decode())

    def test_the_successor_is_invited_in_the_language_that_was_chosen(self):
        one = teamwork.a_team()
        ana, _browser = teamwork.joined(one)
        address = f"{one.dashboard()}{ana.uuid}/replace/"
        client = teamwork.client_of(one.coordinator)
        refused = client.post(address, {"email": "bo@city.example", "language": "xx"})
        assert (refused.status_code, "Choose a language from the list." in words(refused)) == (422, True)
        client.post(address, {"email": "bo@city.example", "language": "pt"})
        assert Enrolment.objects.get(email="bo@city.example").language == "pt"
        assert [mail.language for mail in teamwork.mails("team-invitation")] == ["en", "pt"]

    def test_a_form_that_asked_for_none_hands_on_in_the_leaver_s(self):
        one = teamwork.a_team()
        ana, _browser = teamwork.joined(one)
        confirm_details(enrolment_id=ana.pk, name="Ana", language="es")
        assert replace(enrolment_id=ana.pk, email="bo@city.example", by=one.coordinator).language == "es"
