"""How often a person may ask for what costs much or writes to strangers; what they typed is never lost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core import limits
from learning.models import Enrolment
from learning.views import cohorts, my_team, team
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

KEPT = "That was too often. Wait a while, then send the form again: what you typed is kept."


@pytest.fixture
def once(monkeypatch):
    """Return what lets a limit of a module be passed with the second time."""

    def lower(module, name: str) -> None:
        known = getattr(module, name)
        monkeypatch.setattr(module, name, limits.Limit(f"{known.name}-in-tests", 1, known.seconds))

    return lower


def test_looking_lists_over_too_often_keeps_the_lines_of_the_file_too(once):
    once(team, "LISTS")
    one = teamwork.a_team()
    browser = teamwork.client_of(one.coordinator)

    def look() -> object:
        file = SimpleUploadedFile("team.csv", b"bo@city.example", content_type="text/csv")
        said = {"city": one.city.slug, "language": "fr", "lines": "Ana Silva <ana@city.example>", "file": file}
        return browser.post(one.team(), said)

    assert look().status_code == 200
    answer = look()
    html = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], KEPT in words(answer)) == (429, "3600", True)
    assert "Ana Silva &lt;ana@city.example&gt;\nbo@city.example</textarea>" in html
    assert '<option value="fr" selected>' in html
    # Somebody else's count is their own.
    other = teamwork.second_city(one.cohort)
    said = {"city": other.city.slug, "language": "en", "lines": "cy@city.example"}
    assert teamwork.client_of(other.coordinator).post(other.team(), said).status_code == 200


def test_enrolling_too_often_enrols_nobody_and_keeps_the_list(once):
    once(team, "ENROLMENTS")
    one = teamwork.a_team()
    assert teamwork.enrol(one, "ana@city.example").status_code == 303
    answer = teamwork.enrol(one, "bo@city.example")
    assert (answer.status_code, KEPT in words(answer), "bo@city.example" in words(answer)) == (429, True, True)
    assert list(Enrolment.objects.values_list("email", flat=True)) == ["ana@city.example"]
    # Looking a list over writes to nobody, so it goes on.
    browser = teamwork.client_of(one.coordinator)
    said = {"city": one.city.slug, "language": "en", "lines": "bo@city.example"}
    assert browser.post(one.team(), said).status_code == 200


def test_handing_seats_on_too_often_writes_to_nobody_and_keeps_the_address(once):
    once(my_team, "ENROLMENTS")
    one = teamwork.a_team()
    ana, bo = teamwork.invited(one), teamwork.invited(one, "Bo Berg")
    browser = teamwork.client_of(one.coordinator)
    doors = [f"{one.dashboard()}{each.uuid}/replace/" for each in (ana, bo)]
    assert browser.post(doors[0], {"email": "cy@city.example"}).status_code == 303
    answer = browser.post(doors[1], {"email": "di@city.example"})
    assert (answer.status_code, answer["Retry-After"], KEPT in words(answer)) == (429, "3600", True)
    assert 'value="di@city.example"' in answer.content.decode()
    bo.refresh_from_db()
    assert (bo.state, Enrolment.objects.filter(email="di@city.example").exists()) == ("invited", False)


def test_applying_too_often_is_slowed_down(once):
    once(cohorts, "APPLICATIONS")
    browser = teamwork.client_of(accounts.PersonFactory())
    doors = [f"/en/learning/cohorts/{make.cohort().slug}/apply/" for _one in range(2)]
    assert browser.post(doors[0]).status_code == 303
    answer = browser.post(doors[1])
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "That was too often. Wait a while, then try again." in words(answer)
    assert (Enrolment.objects.count(), browser.get(doors[1]).status_code) == (1, 200)
