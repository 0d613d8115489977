"""The pages on which teams are enrolled, join, learn and are seen: what they show, take and refuse."""

import csv
import re
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from core import clock
from learning.models import Cohort, Enrolment, TeamRequest, UnitProgress
from learning.services import complete_unit, lapse_drafts, read_unit, withdraw_enrolment
from mail import rendering
from municipalities.models import Membership
from municipalities.services import represent
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db


def cells(answer) -> list[list[str]]:
    """Return the words of the table's cells, row by row, the last column left out, which only has links."""
    html = answer.content.decode()
    rows = re.findall(r"<tr>(.*?)</tr>", html[html.rindex('<div class="table"') :], re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


# Enrolling ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_the_cohorts_are_listed_in_every_language(client, language):
    make.cohort(name="Spring", languages=["fr"])
    make.cohort(name="Winter", languages=["en", "ar"])
    page = client.get(f"/{language}/learning/cohorts/")
    assert (page.status_code, "Spring" in words(page), "Winter" in words(page)) == (200, True, True)
    narrowed = client.get(f"/{language}/learning/cohorts/", {"language": "ar"})
    assert ("Spring" in words(narrowed), "Winter" in words(narrowed)) == (False, True)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_as_many_statements_for_one_as_for_three(client, number):
    for _one in range(number):
        make.cohort()
    assert statements(client, "/en/learning/cohorts/") == 3


def test_who_represents_no_city_is_led_to_one(client):
    one = teamwork.place()
    anonymous = client.get(one.team())
    assert (anonymous.status_code, "/account/login/" in anonymous["Location"]) == (302, True)
    page = teamwork.client_of(accounts.PersonFactory()).get(one.team())
    assert (
        "You do not represent a city yet" in words(page),
        'href="/en/cities/represent/"' in page.content.decode(),
    ) == (
        True,
        True,
    )


def test_another_cohort_can_be_chosen_on_the_way():
    one = teamwork.place()
    other = make.cohort(name="Other")
    answer = teamwork.client_of(one.coordinator).get(one.team(), {"city": one.city.slug, "cohort": other.slug})
    assert answer["Location"] == f"/en/learning/cohorts/{other.slug}/team/?city={one.city.slug}&cohort={other.slug}"


@pytest.mark.parametrize(
    "content",
    [
        "name;address\nAna Silva;ana@city.example\n".encode("utf-8-sig"),
        "name;address\nAna Silva;ana@city.example\n".encode("utf-16"),
        "Zoë;zoe@city.example\n".encode("cp1252"),
    ],
    ids=["utf-8", "utf-16", "windows"],
)
def test_a_spreadsheets_file_is_read_whatever_wrote_it(content):
    one = teamwork.place()
    file = SimpleUploadedFile("team.csv", content, content_type="text/csv")
    said = {"city": one.city.slug, "language": "fr", "lines": "", "file": file}
    page = teamwork.client_of(one.coordinator).post(one.team(), said)
    name, address = ("Zoë", "zoe@city.example") if b"zoe" in content else ("Ana Silva", "ana@city.example")
    assert (page.status_code, name in words(page), address in words(page)) == (200, True, True)
    confirmed = re.search(r'<textarea name="lines" hidden>([^<]*)</textarea>', page.content.decode()).group(1)
    teamwork.enrol(one, confirmed, language="fr")
    assert [(row.email, row.name, row.language) for row in Enrolment.objects.all()] == [(address, name, "fr")]


def test_a_file_of_an_arabic_spreadsheet_keeps_its_letters():
    one = teamwork.place()
    file = SimpleUploadedFile("team.csv", "أحمد;ahmad@city.example".encode("cp1256"), content_type="text/csv")
    said = {"city": one.city.slug, "language": "ar", "lines": "", "file": file}
    assert "أحمد" in words(teamwork.client_of(one.coordinator).post(one.team("ar"), said))


def test_a_picture_is_not_a_list_of_people():
    one = teamwork.place()
    file = SimpleUploadedFile("team.csv", b"\x81\x8d\x8f\x90\x9d", content_type="text/csv")
    said = {"city": one.city.slug, "language": "en", "lines": "", "file": file}
    page = teamwork.client_of(one.coordinator).post(one.team(), said)
    assert (page.status_code, "This file is not text." in words(page)) == (422, True)
    empty = teamwork.client_of(one.coordinator).post(
        one.team(), {"city": one.city.slug, "language": "en", "lines": " "}
    )
    assert (empty.status_code, "Paste at least one address." in words(empty)) == (422, True)


def test_ten_thousand_lines_are_looked_over_and_fifty_invited():
    one = teamwork.place()
    lines = "\n".join(f"person{number}@city.example" for number in range(10_001))
    said = {"city": one.city.slug, "language": "en", "lines": lines}
    page = teamwork.client_of(one.coordinator).post(one.team(), said)
    said = words(page)
    assert (page.status_code, "50 people" in said, "only the first lines were read" in said) == (200, True, True)
    assert "And 9850 more lines." in said
    assert page.content.decode().count("Only 50 new people at once") == 100


@pytest.mark.parametrize(
    ("fields", "is_approved", "said"),
    [
        ({}, True, ""),
        ({}, False, "Nobody is written to before you are approved as coordinator."),
        ({"admission": "approval"}, True, "The moderators read every application and answer by mail."),
        ({"seats": 1}, True, "All seats are taken."),
    ],
)
def test_the_last_look_promises_an_invitation_to_those_alone_who_get_one(fields, is_approved, said):
    one = teamwork.place(**fields)
    teamwork.invited(one)
    client = teamwork.client_of(one.coordinator)
    if not is_approved:
        Membership.objects.update(state="asked", starts_on=None, decided_at=None)
    page = words(client.post(one.team(), {"city": one.city.slug, "lines": "bo@city.example", "language": "en"}))
    promises = ("These people get an invitation" in page, "Send the invitations" in page)
    assert (said in page, promises) == (True, (not said, not said))


def test_markup_in_a_line_stays_words():
    one = teamwork.place()
    said = {
        "city": one.city.slug,
        "language": "en",
        "lines": '"<script>alert(1)</script>" bo@city.example\n<img src=x>',
    }
    html = teamwork.client_of(one.coordinator).post(one.team(), said).content.decode()
    assert ("<script>alert" in html, "<img src=x>" in html) == (False, False)


def test_what_a_coordinator_who_waits_writes_down_stays_with_us():
    one = teamwork.place()
    person = accounts.PersonFactory()
    represent(person=person, local_government_id=one.city.pk, role="coordinator")
    client = teamwork.client_of(person)
    said = {"city": one.city.slug, "lines": "bo@city.example", "language": "en", "confirm": "yes"}
    page = client.post(one.team(), said, follow=True)
    assert "You are not approved as coordinator yet." in words(page)
    assert (Enrolment.objects.get().state, teamwork.mails("team-invitation")) == ("drafted", [])
    TeamRequest.objects.update(holds_until=clock.now())
    assert len(lapse_drafts()) == 1
    sentence = "The people whom you wrote down are not enrolled: their seats are free again."
    # Once approved, the same: nobody was invited by that.
    for state in ("asked", "approved"):
        dated = {"starts_on": clock.now().date(), "decided_at": clock.now()} if state == "approved" else {}
        Membership.objects.filter(person=person).update(state=state, **dated)
        page = client.get(one.dashboard())
        assert (sentence in words(page), "bo@city.example" in words(page)) == (True, True)
        assert one.dashboard() in client.get("/en/my/learning/").content.decode()
    assert sentence in rendering.render(teamwork.mails("team-lapsed")[0]).text
    client.post(one.team(), said)
    assert sentence not in words(client.get(one.dashboard()))


def test_a_cohort_that_has_closed_takes_nobody():
    one = teamwork.place()
    Cohort.objects.update(closes_at=clock.now())
    answer = teamwork.enrol(one, "bo@city.example")
    assert (answer.status_code, "Enrolment in this cohort has closed." in words(answer)) == (409, True)


def test_a_person_without_a_city_takes_part_once():
    one = teamwork.place()
    client = teamwork.client_of(accounts.PersonFactory())
    address = f"/en/learning/cohorts/{one.cohort.slug}/"
    assert "Take part" in words(client.get(f"{address}apply/"))
    assert not Enrolment.objects.exists()
    for _time in range(2):
        assert client.post(f"{address}apply/")["Location"] == address
    assert (Enrolment.objects.get().state, "You take part in this cohort." in words(client.get(address))) == (
        "active",
        True,
    )


# The colleague's own door --------------------------------------------------------------------------------


def test_looking_at_the_door_joins_nobody():
    enrolment = teamwork.invited(teamwork.place())
    link = f"/learn/{enrolment.token}/"
    answers = [Client().get(link), Client().head(link), Client().get(f"{link}decline/")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0]["Cache-Control"] == "private, no-store"
    assert answers[0]["Referrer-Policy"] == "same-origin"
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.person) == ("invited", None)


def test_the_door_speaks_the_colleagues_language():
    enrolment = teamwork.invited(teamwork.place())
    Enrolment.objects.update(language="ar")
    page = Client().get(f"/learn/{enrolment.token}/")
    assert (page["Content-Language"], '<html lang="ar" dir="rtl"' in page.content.decode()) == ("ar", True)


def test_who_declines_gives_the_seat_to_whoever_waits():
    one = teamwork.place(seats=1)
    first, second = teamwork.invited(one), teamwork.invited(one, "Bo Berg")
    waiting = Client().get(f"/learn/{second.token}/")
    assert ("All seats are taken." in words(waiting), "Join the course" in words(waiting)) == (True, False)
    link = f"/learn/{first.token}/"
    assert Client().post(f"{link}decline/")["Location"] == link
    gone = Client().get(link)
    assert (gone.status_code, "This invitation does not hold any more." in words(gone)) == (410, True)
    second.refresh_from_db()
    assert second.state == "invited"


def test_who_is_signed_in_with_the_address_joins_at_once():
    one = teamwork.place()
    enrolment = teamwork.invited(one)
    person = accounts.PersonFactory(email=enrolment.email)
    client = teamwork.client_of(person)
    assert client.post(f"/learn/{enrolment.token}/")["Location"] == one.course()
    assert client.get(f"/learn/{enrolment.token}/")["Location"] == one.course()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.person) == ("active", person)


def test_too_many_tries_at_one_door_are_slowed_down(monkeypatch):
    from core import limits
    from learning.views import door

    monkeypatch.setattr(door, "PER_PERSON", limits.Limit("learning-door", 1, 3600))
    enrolment = teamwork.invited(teamwork.place())
    accounts.PersonFactory(email=enrolment.email)
    answers = [Client().post(f"/learn/{enrolment.token}/") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 429]
    assert answers[1]["Retry-After"] == "3600"


# Learning -----------------------------------------------------------------------------------------------


def test_a_unit_is_completed_opened_again_and_keeps_the_revision_read():
    one = teamwork.place(with_pages=True)
    enrolment, client = teamwork.joined(one)
    teamwork.begin(one.cohort)
    client.get(one.reading())
    page = one.unit_page()
    client.post(one.reading())
    read = UnitProgress.objects.get(enrolment=enrolment)
    assert (read.revision_id, read.completed_at is not None) == (page.live_revision_id, True)
    page.title = "Said in other words"
    page.save_revision().publish()
    again = client.get(one.reading())
    assert "The words of this unit have changed since you read it." in words(again)
    read.refresh_from_db()
    assert read.revision_id == page.live_revision_id
    client.post(one.reading(), {"reopen": "yes"})
    read.refresh_from_db()
    assert read.completed_at is None


def test_a_unit_without_a_translation_is_read_in_the_courses_language_and_says_so():
    one = teamwork.place(with_pages=True)
    _enrolment, client = teamwork.joined(one)
    teamwork.begin(one.cohort)
    page = client.get(one.reading(language="ar"))
    assert page.status_code == 200
    assert re.search(r'<h1 lang="en" dir="ltr">Unit 1.1</h1>', page.content.decode())
    assert "English" in words(page)
    assert UnitProgress.objects.get().language == "en"


def test_reading_and_the_path_take_few_statements():
    one = teamwork.place(with_pages=True)
    _enrolment, client = teamwork.joined(one)
    teamwork.begin(one.cohort)
    assert [statements(client, address) for address in (one.reading(), one.course())] == [15, 11]


def test_nobody_is_asked_twice_who_they_are():
    one = teamwork.place()
    _enrolment, client = teamwork.joined(one)
    assert client.get(one.course()).status_code == 200
    assert "Planning" in client.get(f"{one.course()}about-me/").content.decode()


# Who sees the team ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_dashboards_take_as_many_statements_for_one_as_for_three(number):
    one = teamwork.place()
    for place in range(number):
        make.learner(one.cohort, f"Person {'ABC'[place]}", coordinator=one.membership)
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    coordinator, guide = teamwork.client_of(one.coordinator), teamwork.client_of(moderator)
    screens = {
        "team": (coordinator, one.dashboard()),
        "desk": (guide, one.desk()),
        "own": (coordinator, "/en/my/learning/"),
    }
    assert {name: statements(client, address) for name, (client, address) in screens.items()} == {
        "team": 12,
        "desk": 11,
        "own": 9,
    }


def test_a_coordinators_export_is_what_the_screen_shows():
    one = teamwork.place()
    enrolment, _client = teamwork.joined(one, "Ana Silva")
    teamwork.invited(one, "Bo Berg")
    teamwork.begin(one.cohort)
    unit = one.unit()
    read_unit(enrolment_id=enrolment.pk, unit_id=unit.pk, revision_id=1, language="en")
    complete_unit(enrolment_id=enrolment.pk, unit_id=unit.pk)
    Enrolment.objects.filter(name="Bo Berg").update(name="=1+1")
    client = teamwork.client_of(one.coordinator)
    today = clock.now().astimezone(one.cohort.zone).date().isoformat()
    shown = [row[:-1] for row in cells(client.get(one.dashboard()))]
    assert shown == [
        ["Name", "E-mail address", "Department", "State", "Joined", "Units done", "Pace", "Last read"],
        ["=1+1", "bo.berg@example.org", "", "Invited", "", "", "", ""],
        ["Ana Silva", "ana.silva@example.org", "Planning", "Takes part", today, "1 of 2", "On track", today],
    ]
    sent = b"".join(client.get(one.dashboard(), {"export": "csv"}).streaming_content).decode("utf-8-sig")
    assert [[cell.removeprefix("'") for cell in row] for row in csv.reader(StringIO(sent))] == shown
    assert "'=1+1" in sent
    book = load_workbook(BytesIO(b"".join(client.get(one.dashboard(), {"export": "xlsx"}).streaming_content)))
    found = [[str(cell.value or "")[:21].removesuffix(" 00:00:00") for cell in row] for row in book.active.rows]
    assert found == shown


def test_a_moderator_sees_everybody_by_city_and_decides():
    one = teamwork.place(admission="approval")
    other = teamwork.second_city(one.cohort, "Aarhus")
    teamwork.enrol(one, "Ana Silva <ana@city.example>")
    teamwork.enrol(other, "Bo Berg <bo@city.example>")
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    client = teamwork.client_of(moderator)
    rows = cells(client.get(one.desk()))
    assert [row[:5] for row in rows] == [
        ["City", "Name", "E-mail address", "Department", "State"],
        ["Aarhus", "Bo Berg", "bo@city.example", "", "Applied"],
        ["Chefchaouen", "Ana Silva", "ana@city.example", "", "Applied"],
    ]
    ana, bo = Enrolment.objects.order_by("name")
    assert client.post(f"{one.desk()}{ana.uuid}/admit/")["Location"] == one.desk()
    assert client.post(f"{one.desk()}{bo.uuid}/decline/")["Location"] == one.desk()
    # Deciding once more, as in a second window, changes nothing and says so.
    again = client.post(f"{one.desk()}{bo.uuid}/admit/", follow=True)
    assert "This application has been decided already." in again.content.decode()
    assert [one.state for one in Enrolment.objects.order_by("name")] == ["invited", "declined"]


def test_a_leavers_seat_goes_on_and_the_leaver_keeps_the_record():
    one = teamwork.place(seats=1, waiting_list=False)
    ana, browser = teamwork.joined(one)
    client = teamwork.client_of(one.coordinator)
    address = f"{one.dashboard()}{ana.uuid}/replace/"
    assert "Who takes the seat of" in words(client.get(address))
    assert client.post(address, {"email": "nonsense"}).status_code == 422
    assert client.post(address, {"email": ana.email}).status_code == 409
    assert (
        client.post(address, {"email": "bo@city.example", "name": "Bo"})["Location"]
        == f"{one.dashboard()}?done=replaced"
    )
    ana.refresh_from_db()
    successor = Enrolment.objects.get(email="bo@city.example")
    assert (ana.state, ana.person is not None, successor.state, successor.replaced) == (
        "withdrawn",
        True,
        "invited",
        ana,
    )
    assert "Withdrawn" in words(browser.get("/en/my/learning/"))


def test_one_and_all_are_withdrawn_by_post_alone():
    one = teamwork.place()
    ana, bo = teamwork.invited(one), teamwork.invited(one, "Bo Berg")
    client = teamwork.client_of(one.coordinator)
    single = f"{one.dashboard()}{ana.uuid}/withdraw/"
    assert "Ana Silva" in words(client.get(single))
    assert Enrolment.objects.live().count() == 2
    assert client.post(single)["Location"] == f"{one.dashboard()}?done=withdrawn"
    assert "1 person" in words(client.get(f"{one.dashboard()}withdraw/"))
    assert list(Enrolment.objects.live()) == [bo]
    client.post(f"{one.dashboard()}withdraw/")
    assert not Enrolment.objects.live().exists()


def test_who_left_finds_no_way_back_in():
    one = teamwork.place()
    ana, browser = teamwork.joined(one)
    withdraw_enrolment(enrolment_id=ana.pk, by=one.coordinator)
    assert browser.get(one.course()).status_code == 404
    door = browser.get(f"/learn/{ana.token}/")
    assert (door.status_code, "This invitation does not hold any more." in words(door)) == (410, True)


# The course page -----------------------------------------------------------------------------------------


def test_the_course_page_tells_its_cohorts_the_fitting_ones_first_and_is_kept_without_anybodys_own():
    one = teamwork.place(with_pages=True, name="In French only", languages=["fr"])
    make.cohort(course=one.cohort.course, name="In English too", languages=["en", "fr"])
    _enrolment, browser = teamwork.joined(one)
    page = one.course_page()
    own = words(browser.get(page.url))
    assert "Go on learning" in own
    anonymous = words(Client().get(page.url))
    assert "Go on learning" not in anonymous
    assert anonymous.index("In English too") < anonymous.index("In French only")
    assert anonymous.count("In your language") == 1
