"""The pages on which a team is enrolled, and on which somebody comes alone: what they show, take and refuse."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from wagtail.models import Page, PageViewRestriction

from core import clock, languages
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import lapse_drafts
from mail import rendering
from municipalities.models import Membership
from municipalities.services import represent
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def one(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[teamwork.Team]:
    """A cohort, and a city with its coordinator, for all tests of this file that need nothing special of them."""
    with made_once():
        yield teamwork.a_team()


def test_the_cohorts_are_listed_in_every_language(client):
    make.public_cohort(name="Autumn", languages=["fr"])
    make.public_cohort(name="Winter", languages=["en", "ar"])
    for language in languages.codes():
        page = client.get(f"/{language}/learning/cohorts/")
        found = (language, page.status_code, "Autumn" in words(page), "Winter" in words(page))
        assert found == (language, 200, True, True)
        narrowed = client.get(f"/{language}/learning/cohorts/", {"language": "ar"})
        found = (language, "Autumn" in words(narrowed), "Winter" in words(narrowed))
        assert found == (language, False, True)


def test_a_language_without_open_cohorts_says_so_and_leads_to_the_others(client):
    nothing, narrowed = "No cohort is open at the moment", "No open cohort is in this language"
    address = "/en/learning/cohorts/"

    def said(**query: str) -> list[str]:
        page = words(client.get(address, query))
        return [sentence for sentence in (nothing, narrowed) if sentence in page]

    assert (said(), said(language="ar"), said(language="xx")) == ([nothing], [narrowed], [nothing])
    make.public_cohort(languages=["en"])
    assert (said(), said(language="en"), said(language="ar")) == ([], [], [narrowed])
    html = client.get(address, {"language": "ar"}).content.decode()
    empty = html[html.index('<div class="empty">') :]
    assert re.findall(r'<a class="button[^"]*" href="([^"]*)">(.*?)</a>', empty)[0] == (address, "Show all")


def test_the_list_takes_as_many_statements_for_one_as_for_three(client):
    make.public_cohort()
    one = statements(client, "/en/learning/cohorts/")
    make.public_cohort()
    make.public_cohort()
    assert (one, statements(client, "/en/learning/cohorts/")) == (3, 3)


def test_a_course_kept_to_some_people_is_not_in_the_list_for_everybody(client):
    public, hidden = make.public_cohort(name="Open"), make.public_cohort(name="Closed")
    page = Page.objects.get(translation_key=hidden.course.translation_key)
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    shown = words(client.get("/en/learning/cohorts/"))
    assert ("Open" in shown, public.course.title in shown) == (True, True)
    assert ("Closed" in shown, hidden.course.title in shown) == (False, False)


def test_the_list_names_a_course_as_the_page_does_that_anybody_may_read(client):
    cohort = make.public_cohort(name="Autumn")
    [source] = Page.objects.filter(translation_key=cohort.course.translation_key)
    PageViewRestriction.objects.create(page=source, restriction_type=PageViewRestriction.LOGIN)
    make.public_page(cohort.course, language="fr", title="Budgets pour le climat")
    shown = words(client.get("/en/learning/cohorts/"))
    assert ("Budgets pour le climat" in shown, cohort.course.title in shown) == (True, False)


def test_who_represents_no_city_is_led_to_one(one, client):
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


def test_another_cohort_can_be_chosen_on_the_way(one):
    other = make.cohort(name="Other")
    answer = teamwork.client_of(one.coordinator).get(one.team(), {"city": one.city.slug, "cohort": other.slug})
    assert answer["Location"] == f"/en/learning/cohorts/{other.slug}/team/?city={one.city.slug}&cohort={other.slug}"


def test_who_comes_to_a_closed_cohort_is_offered_the_open_ones(one):
    Cohort.objects.update(closes_at=clock.now())
    other = make.cohort(name="Other")
    page = teamwork.client_of(one.coordinator).get(one.team(), {"city": one.city.slug, "cohort": one.cohort.slug})
    assert "Enrolment in this cohort has closed." in words(page)
    choices = re.findall(r'<input type="radio" name="cohort" value="([^"]*)"[^>]*?( checked)?>', page.content.decode())
    assert choices == [(other.slug, " checked")]


@pytest.mark.parametrize(
    "content",
    [
        "name;address\nAna Silva;ana@city.example\n".encode("utf-8-sig"),
        "name;address\nAna Silva;ana@city.example\n".encode("utf-16"),
        "Zoë;zoe@city.example\n".encode("cp1252"),
    ],
    ids=["utf-8", "utf-16", "windows"],
)
def test_a_spreadsheets_file_is_read_whatever_wrote_it(one, content):
    file = SimpleUploadedFile("team.csv", content, content_type="text/csv")
    said = {"city": one.city.slug, "language": "fr", "lines": "", "file": file}
    page = teamwork.client_of(one.coordinator).post(one.team(), said)
    name, address = ("Zoë", "zoe@city.example") if b"zoe" in content else ("Ana Silva", "ana@city.example")
    assert (page.status_code, name in words(page), address in words(page)) == (200, True, True)
    confirmed = re.search(r'<textarea name="lines" hidden>([^<]*)</textarea>', page.content.decode()).group(1)
    teamwork.enrol(one, confirmed, language="fr")
    assert [(row.email, row.name, row.language) for row in Enrolment.objects.all()] == [(address, name, "fr")]


def test_a_file_of_an_arabic_spreadsheet_keeps_its_letters(one):
    file = SimpleUploadedFile("team.csv", "أحمد;ahmad@city.example".encode("cp1256"), content_type="text/csv")
    said = {"city": one.city.slug, "language": "ar", "lines": "", "file": file}
    assert "أحمد" in words(teamwork.client_of(one.coordinator).post(one.team("ar"), said))


def test_a_picture_is_not_a_list_of_people(one):
    file = SimpleUploadedFile("team.csv", b"\x81\x8d\x8f\x90\x9d", content_type="text/csv")
    said = {"city": one.city.slug, "language": "en", "lines": "", "file": file}
    page = teamwork.client_of(one.coordinator).post(one.team(), said)
    assert (page.status_code, "This file is not text." in words(page)) == (422, True)
    empty = teamwork.client_of(one.coordinator).post(
        one.team(), {"city": one.city.slug, "language": "en", "lines": " "}
    )
    assert (empty.status_code, "Paste addresses or choose a file." in words(empty)) == (422, True)
    # One of the two is needed.
    assert [label in words(empty) for label in ("Colleagues", "Or a file", "(optional)")] == [True, True, False]


def test_ten_thousand_lines_are_looked_over_and_fifty_invited(one):
    lines = "\n".join([f"person{number}@city.example" for number in range(9899)] + ["nobody"] * 102)
    said = {"city": one.city.slug, "language": "en", "lines": lines}
    page = teamwork.client_of(one.coordinator).post(one.team(), said)
    said = words(page)
    assert (page.status_code, "50 people" in said, "And 1 more line." in said) == (200, True, True)
    assert "That was too much at once: the last 1 line was not read." in said
    # The last one that was read is told by its number alone.
    assert said.count("There is no e-mail address in this line.") == 101
    assert "There is no e-mail address in this line. 10000 " in said
    assert said.count("At most 50 people can be enrolled at once. 9849 more people are left for afterwards.") == 1


def test_of_ten_thousand_bad_lines_each_is_named_on_a_small_page(one):
    repeated = [f"person{number}@city.example" for number in range(50)] * 2
    lines = ["nobody"] * 100 + repeated + ["", "ana", "bo@@", "cy"] + ["nobody"] * 9796
    data = {"city": one.city.slug, "language": "en", "lines": "\n".join(lines)}
    page = teamwork.client_of(one.coordinator).post(one.team(), data)
    assert page.status_code == 200
    rows = re.findall(
        r'<tr><th scope="row">([^<]*)</th><td data-label="Lines"><bdi dir="ltr">([^<]*)</bdi></td></tr>',
        page.content.decode(),
    )
    assert rows == [
        ("This address stands in an earlier line already.", "151–200"),
        ("There is no e-mail address in this line.", "202, 204–10000"),
        ("No mail can be sent to this address. Is it mistyped?", "203"),
    ]
    shown = page.content.decode().split('id="problems"')[1].split('id="people"')[0]
    assert (shown.count("<tr>"), len(shown) < 25_000) == (105, True)


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
    one = teamwork.a_team(**fields)
    teamwork.invited(one)
    client = teamwork.client_of(one.coordinator)
    if not is_approved:
        Membership.objects.update(state="asked", starts_on=None, decided_at=None)
    page = words(client.post(one.team(), {"city": one.city.slug, "lines": "bo@city.example", "language": "en"}))
    promises = ("These people get an invitation" in page, "Send the invitations" in page)
    assert (said in page, promises) == (True, (not said, not said))


def test_the_last_look_names_the_language_and_folds_the_list_away_until_somebody_changes_it(one):
    said = {"city": one.city.slug, "lines": "bo@city.example", "language": "ar"}
    page = teamwork.client_of(one.coordinator).post(one.team(), said).content.decode()
    assert "<p>Language of the invitations: Arabic</p>" in page
    before, folded = page.split('<details class="disclosure"><summary>Change the list</summary>')
    assert "What you change counts once you have looked it over." in folded
    assert ('value="yes"' in before, 'value="yes"' in folded, 'id="id_lines"' in folded) == (True, False, True)


def test_the_last_look_shows_the_invitation_in_each_language_of_the_list_and_no_other(one):
    data = {"city": one.city.slug, "lines": "email,language\nbo@city.example,fr\ncy@city.example,", "language": "ar"}
    html = teamwork.client_of(one.coordinator).post(one.team(), data).content.decode()
    sample = html.split("<summary>How the invitation reads</summary>")[1].split("</details>")[0]
    assert re.findall(r'lang="(\w+)" dir="(\w+)"', sample) == [("fr", "ltr"), ("ar", "rtl")]
    assert (
        "vous invite à apprendre avec l’équipe qui représente" in sample,
        "sample@example.org" in html,
        Enrolment.objects.exists(),
    ) == (True, False, False)


@pytest.mark.parametrize("fields", [{"admission": "approval"}, {"seats": 0, "waiting_list": False}, {"seats": 0}])
def test_where_nobody_is_invited_by_sending_no_invitation_is_shown(fields):
    one = teamwork.a_team(**fields)
    data = {"city": one.city.slug, "lines": "bo@city.example", "language": "en"}
    html = teamwork.client_of(one.coordinator).post(one.team(), data).content.decode()
    assert ("bo@city.example" in html, "How the invitation reads" in html) == (True, False)


def test_where_nobody_is_left_to_invite_the_list_stands_open(one):
    said = {"city": one.city.slug, "lines": "nobody", "language": "ar"}
    page = teamwork.client_of(one.coordinator).post(one.team(), said).content.decode()
    assert '<h2 id="again">Change the list</h2>' in page
    assert "looked it over" not in page


def test_markup_in_a_line_stays_words(one):
    said = {
        "city": one.city.slug,
        "language": "en",
        "lines": '"<script>alert(1)</script>" bo@city.example\n<img src=x>',
    }
    html = teamwork.client_of(one.coordinator).post(one.team(), said).content.decode()
    assert ("<script>alert" in html, "<img src=x>" in html) == (False, False)


def test_what_a_coordinator_who_waits_writes_down_stays_with_us(one):
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


def test_a_cohort_that_has_closed_takes_nobody(one):
    Cohort.objects.update(closes_at=clock.now())
    answer = teamwork.enrol(one, "bo@city.example")
    assert (answer.status_code, "Enrolment in this cohort has closed." in words(answer)) == (409, True)


def test_a_person_without_a_city_takes_part_once(one):
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
